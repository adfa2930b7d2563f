// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

using enum Operation;

const Shape kCancellationShape = {4, 3, 3, 5};

// kappa = sqrt(1 + mean^2 / v) is about 2^k: a sum loses 2 k bits of v.
struct Rung {
  DType dtype;
  int k;
};
constexpr Rung kLadder[] = {
    {DType::f64, 12}, {DType::f64, 22}, {DType::f64, 32}, {DType::f64, 44},
    {DType::f32, 9},  {DType::f32, 12}, {DType::f32, 15}, {DType::f32, 18},
    {DType::f16, 5},  {DType::f16, 8},  {DType::bf16, 3}, {DType::bf16, 5},
};

void add_ladder(Suite& suite) {
  for (const Rung& rung : kLadder) {
    const double distance = static_cast<double>(std::int64_t{1} << rung.k);
    for (const Operation operation : {forward_training, backward_training}) {
      Problem p = suite.draw("MeanDominatesVariance", operation, rung.dtype,
                             kCancellationShape);
      shift(p, distance);
      suite.add(std::move(p), {"MeanDominatesVariance"});
    }
  }
}

void add_offset(Suite& suite) {
  for (const Operation operation : kFirstOrder) {
    for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
      Problem p =
          suite.draw("LargeOffset", operation, dtype, kCancellationShape);
      shift(p, -100);
      suite.add(std::move(p), {"LargeOffset"});
    }
  }
  // x a + (beta - mean a) gives 0 where (x - mean) a gives 18.84.
  Problem p =
      suite.draw("LargeOffset", forward_inference, DType::f32, {5, 1, 3});
  set(p, Input::x, {1e6 + 0x1p-4, 1e6, 1e6 - 0.125, 1e6 + 0.25});
  set(p, Input::running_mean, {1e6});
  set(p, Input::running_var, {1e-6});
  suite.add(std::move(p), {"LargeOffset", "TinyVariance"});
}

void add_uneven(Suite& suite, DType dtype) {
  for (const Operation operation : kFirstOrder) {
    Problem p =
        suite.draw("UnequalChannels", operation, dtype, kCancellationShape);
    const ChannelView view = p.view();
    Tensor& x = p.inputs.at(Input::x);
    for (std::int64_t k = 0; k < view.count(); ++k) {
      const std::int64_t small = view.offset(0, k);
      const std::int64_t large = view.offset(2, k);
      x.set_bits(small, round_to(x.value(small) * 0x1p-6, dtype));
      x.set_bits(large, round_to(x.value(large) * 0x1p10, dtype));
    }
    set(p, Input::running_mean, {0.046875, -3, 2100});
    set(p, Input::running_var, {0.0009765625, 5, 6000000});
    suite.add(std::move(p), {"UnequalChannels"});
  }
}

void add_outlier(Suite& suite, DType dtype) {
  for (const Operation operation : {forward_training, backward_training}) {
    Problem p = suite.draw("Outlier", operation, dtype, kCancellationShape);
    Tensor& x = p.inputs.at(Input::x);
    x.set_bits(p.view().offset(1, 7), round_to(-1000, dtype));
    suite.add(std::move(p), {"Outlier"});
  }
}

}  // namespace

void add_cancellation(Suite& suite) {
  add_ladder(suite);
  add_offset(suite);
  for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
    add_uneven(suite, dtype);
  }
  for (const DType dtype : kSuiteDTypes) add_outlier(suite, dtype);
}

}  // namespace exactbn::suite
