// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

// One channel with the values x, gamma 2 and beta 1, exact in the formats used.
Problem one_channel(const Suite& suite, Operation operation, DType dtype,
                    std::initializer_list<double> x) {
  const auto m = static_cast<std::int64_t>(x.size());
  Problem p = suite.draw("WorkedExample", operation, dtype, {m, 1});
  set(p, Input::x, x);
  set(p, Input::gamma, {2});
  set(p, Input::beta, {1});
  return p;
}

// [2, 4, 6, 8]: mean 5, variance 5; [1, 3]: mean 2, variance 1, dx 0.
void add_integers(Suite& suite, DType dtype) {
  using enum Operation;
  for (const Operation operation : {forward_training, forward_inference}) {
    Problem p = one_channel(suite, operation, dtype, {2, 4, 6, 8});
    p.epsilon = 0;
    suite.add(std::move(p), {"WorkedExample", "EpsilonZero"});
  }
  for (const Operation operation : {backward_training, backward_inference}) {
    Problem p = one_channel(suite, operation, dtype, {1, 3});
    p.epsilon = 0;
    set(p, Input::dy, {0.5, -0.5});
    suite.add(std::move(p), {"WorkedExample", "EpsilonZero", "TwoValues"});
  }
  // The unbiased variance is 2, the biased 1.
  Problem p = one_channel(suite, forward_training, dtype, {0, 2});
  suite.add(std::move(p), {"WorkedExample", "TwoValues"});
}

// gamma = 1 + ulp and beta = 1 make y = 2 + ulp, midway between 2 and 2 + 2
// ulp.
void add_tie(Suite& suite, DType dtype) {
  Problem p = one_channel(suite, Operation::forward_training, dtype, {1, 5});
  p.epsilon = 0;
  const double ulp = 2 * format(dtype).unit_roundoff();
  set(p, Input::gamma, {1 + ulp});
  suite.add(std::move(p), {"RoundingTie", "WorkedExample", "EpsilonZero"});
}

// f32 values on which E[x^2] - E[x]^2, or a mean rounded before it is
// subtracted, gives another variance than the one in the comment.
void add_cancelling(Suite& suite, std::initializer_list<double> x) {
  using enum Operation;
  for (const Operation operation : {forward_training, backward_training}) {
    Problem p = one_channel(suite, operation, DType::f32, x);
    suite.add(std::move(p), {"WorkedExample", "MeanDominatesVariance"});
  }
}

}  // namespace

void add_worked_examples(Suite& suite) {
  for (const DType dtype : kSuiteDTypes) {
    add_integers(suite, dtype);
    add_tie(suite, dtype);
  }
  add_cancelling(suite, {4096, 4097});           // 1/4
  add_cancelling(suite, {2049, 2050, 2051});     // 2/3
  add_cancelling(suite, {1e7, 1e7 + 1});         // 1/4
  add_cancelling(suite, {16777214, 16777216});   // 1
  add_cancelling(suite, {0x1p27, 0x1p27 + 16});  // 64
}

}  // namespace exactbn::suite
