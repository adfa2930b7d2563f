// SPDX-License-Identifier: Apache-2.0
// Inputs on which real implementations failed, and inputs with answers worked
// out by hand.
#include <cmath>

#include "golden/corpus.h"

namespace exactbn {

using namespace suite;

namespace {

using enum Operation;

// One channel with the values x, gamma 2 and beta 1.
Problem one_channel(const Corpus& corpus, Operation operation, DType dtype,
                    const std::vector<double>& x) {
  Problem p =
      corpus.draw("WorkedExample", operation, dtype, {std::ssize(x), 1});
  set(p, Input::x, x);
  set(p, Input::gamma, {2});
  set(p, Input::beta, {1});
  return p;
}

void add(Corpus& corpus, DType dtype, const std::vector<double>& x,
         const std::string& comment, const std::string& label) {
  for (const Operation operation : {forward_training, backward_training}) {
    corpus.add(one_channel(corpus, operation, dtype, x), comment, {label});
  }
}

void add_statistics(Corpus& corpus) {
  const auto f32 = DType::f32;
  const std::string cancels = "MeanDominatesVariance";
  add(corpus, f32, {4096, 4097}, "Mean 4096.5, variance 1/4.", cancels);
  add(corpus, f32, {16777214, 16777216}, "Variance 1.", cancels);
  add(corpus, f32, {2049, 2050, 2051}, "Variance 2/3.", cancels);
  add(corpus, f32, {1e7, 1e7 + 1}, "Variance 1/4.", cancels);
  add(corpus, f32, {0x1p27, 0x1p27 + 16}, "Variance 64.", cancels);
  add(corpus, f32, std::vector<double>(9, double{1000.1F}),
      "Nine times 1000.1f: variance 0, y is beta.", "ConstantChannel");
  add(corpus, f32, {0, 2}, "The variance is 1, and the unbiased one 2.",
      "TwoValues");
  add(corpus, DType::f64, {1e15, 1e15 + 1}, "Variance 1/4.", cancels);
  add(corpus, DType::f16, {1024, 1026}, "Variance 1.", cancels);
  add(corpus, DType::bf16, {128, 130}, "Variance 1.", cancels);
  add(corpus, DType::f16, {300, -300, 300, -300},
      "Variance 90000, which f16 does not hold.", "SquareOverflowF16");
  for (const DType dtype : kSuiteDTypes) {
    add(corpus, dtype, {2, 4, 6, 8}, "Mean 5, variance 5.", "WorkedExample");
    add(corpus, dtype, {1, 2, 3, 4, 5, 6, 7}, "Mean 4, variance 4.",
        "WorkedExample");
    add(corpus, dtype, {-1, 1, -1, 1}, "Mean 0, variance 1.", "WorkedExample");
    add(corpus, dtype, {0, 0, 0, 4}, "Mean 1, variance 3.", "WorkedExample");
  }
}

// gamma / sqrt(w) x + (beta - mean gamma / sqrt(w)) cancels.
void add_folded(Corpus& corpus) {
  Problem p =
      corpus.draw("FoldedAffine", forward_inference, DType::f32, {4, 1});
  set(p, Input::running_mean, {1e6});
  set(p, Input::running_var, {1e-6});
  set(p, Input::x, {1e6 + 0x1p-4, 1e6, 1e6 - 0x1p-4, 1e6 + 0x1p-3});
  set(p, Input::gamma, {1});
  set(p, Input::beta, {0});
  corpus.add(std::move(p),
             "x is 2^-4 from a running mean of 10^6, which is 18.8 deviations.",
             {"FoldedAffine"});
}

// Every w is a square, so all answers are fractions.
void add_fractions(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Operation operation : kOperations) {
      Problem p = one_channel(corpus, operation, dtype, {1, 3, 1, 3});
      p.epsilon = 3;
      set(p, Input::dy, {0.5, 1, -2, 1});
      set(p, Input::running_mean, {1.5});
      set(p, Input::running_var, {6});
      for (const Input direction : {Input::x_dot, Input::ddx}) {
        set(p, direction, {1, 0, 2, -1});
      }
      for (const Input direction :
           {Input::gamma_dot, Input::beta_dot, Input::ddgamma, Input::ddbeta}) {
        set(p, direction, {0.5});
      }
      corpus.add(std::move(p),
                 "The variance is 1 (frozen: 6) and epsilon 3, so that every "
                 "answer is a fraction.",
                 {"WorkedExample"});
    }
  }
}

// One value of each input is not 0, so its contribution shows alone.
void add_impulses(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Operation operation : kOperations) {
      Problem p = corpus.draw("Impulse", operation, dtype, {5, 1});
      for (const Input input :
           {Input::x, Input::dy, Input::x_dot, Input::ddx}) {
        set(p, input, {0, 0, 1, 0, 0});
      }
      corpus.add(std::move(p), "The third value is 1, and all others are 0.",
                 {"Impulse"});
    }
  }
}

// A clean batch after an infinite one: the running statistics must recover if
// the batch has all the weight.
void add_poisoned(Corpus& corpus) {
  for (const double momentum : {0.125, 1.0}) {
    Problem p =
        corpus.draw("PoisonedStatistics", forward_training, DType::f32, {4, 2});
    p.momentum = momentum;
    set(p, Input::running_mean, {HUGE_VAL, 2});
    set(p, Input::running_var, {NAN, 3});
    corpus.add(std::move(p),
               "The running statistics of channel 0 are not finite, those of "
               "channel 1 are.",
               {"PoisonedStatistics"});
  }
}

}  // namespace

void add_known_answers(Corpus& corpus) {
  add_statistics(corpus);
  add_folded(corpus);
  add_fractions(corpus);
  add_impulses(corpus);
  add_poisoned(corpus);
}

}  // namespace exactbn
