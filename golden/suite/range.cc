// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

using enum Operation;

const Shape kRangeShape = {2, 3, 1, 5};

// The sum of squares, or in a backward pass the cube of the deviation, stays a
// factor 2^7 below the largest value of the format.
void add_near_overflow(Suite& suite, DType dtype) {
  for (const Operation operation : kFirstOrder) {
    const bool forward =
        operation == forward_training || operation == forward_inference;
    const int emax = format(dtype).emax;
    // f16 sums are in f32, so x itself is the limit.
    const int k = dtype == DType::f16 ? 12 : (emax - 7) / (forward ? 2 : 3);
    Problem p = suite.draw("NearOverflow", operation, dtype, kRangeShape);
    rescale(p, std::ldexp(1.0, k));
    suite.add(std::move(p), {"NearOverflow"});
  }
}

// First the squares of 2^(emax - 27), then even the sum leave the range.
void add_intermediate_overflow(Suite& suite, DType dtype) {
  for (const Operation operation : {forward_training, backward_training}) {
    Problem p =
        suite.draw("IntermediateOverflow", operation, dtype, kRangeShape);
    transform(p, Input::x, std::ldexp(1.0, format(dtype).emax - 27), 0);
    suite.add(std::move(p), {"IntermediateOverflow"});
  }
  Problem p =
      suite.draw("IntermediateOverflow", forward_training, dtype, {2, 1});
  set(p, Input::x, {dtype == DType::f64 ? 1.5e308 : 3e38});
  suite.add(std::move(p), {"IntermediateOverflow", "ConstantChannel"});
}

// {1e-30, 3e-30} has the variance 1e-60: 0 in f32.
void add_intermediate_underflow(Suite& suite, DType dtype) {
  Problem p =
      suite.draw("IntermediateUnderflow", forward_training, dtype, {2, 1});
  const double unit = dtype == DType::f64 ? 1e-200 : 1e-30;
  set(p, Input::x, {unit, 3 * unit});
  p.epsilon = 0;
  suite.add(std::move(p),
            {"IntermediateUnderflow", "TinyVariance", "EpsilonZero"});
}

// One y is gamma + beta, and the other 0; gamma mean / sqrt(w) is in range too.
void add_result_overflow(Suite& suite, DType dtype) {
  const double largest = dtype == DType::f64   ? 1.5e308
                         : dtype == DType::f16 ? 6e4
                                               : 3e38;
  Problem p = suite.draw("ResultOverflow", forward_training, dtype, {2, 1});
  set(p, Input::x, {-1, 3});
  set(p, Input::gamma, {largest});
  set(p, Input::beta, {largest});
  p.epsilon = 0;
  suite.add(std::move(p), {"ResultOverflow", "EpsilonZero"});
}

void add_f16(Suite& suite) {
  for (const Operation operation : {forward_training, backward_training}) {
    Problem square =
        suite.draw("SquareOverflowF16", operation, DType::f16, kRangeShape);
    set_channel(square, Input::x, 0, {300, -300, 300});
    transform(square, Input::x, 1, 20);
    suite.add(std::move(square), {"SquareOverflowF16"});

    Problem sum =
        suite.draw("SumOverflowF16", operation, DType::f16, {2, 1, 32, 32});
    transform(sum, Input::x, 4, 60);
    suite.add(std::move(sum), {"SumOverflowF16"});
  }
}

// Subnormals in the two highest binades, where arithmetic in the same format
// keeps its relative precision, and an invstd or a gamma that makes the output
// normal. Their mean is exact.
void add_subnormal(Suite& suite, DType dtype) {
  const double unit = std::ldexp(1.0, format(dtype).emin - 4);
  for (const Operation operation : kFirstOrder) {
    Problem p = suite.draw("Subnormal", operation, dtype, {2, 2, 4});
    if (p.find(Input::dy)) {
      set(p, Input::dy, {6 * unit, -8 * unit, 4 * unit, 8 * unit, -4 * unit});
      transform(p, Input::gamma, 0x1p13, 0);
    } else {
      set(p, Input::x, {2 * unit, 4 * unit, 6 * unit, 8 * unit});
      set(p, Input::running_mean, {5 * unit, 4 * unit});
      set(p, Input::running_var, {0});
      p.inputs.erase(Input::beta);
    }
    suite.add(std::move(p), {"Subnormal"});
  }
}

}  // namespace

void add_range(Suite& suite) {
  for (const DType dtype : kSuiteDTypes) {
    add_near_overflow(suite, dtype);
    add_result_overflow(suite, dtype);
    add_subnormal(suite, dtype);
  }
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    add_intermediate_overflow(suite, dtype);
    add_intermediate_underflow(suite, dtype);
  }
  add_f16(suite);
}

}  // namespace exactbn::suite
