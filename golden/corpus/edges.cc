// SPDX-License-Identifier: Apache-2.0
// Cases that a rule or a convention decides, or whose arithmetic leaves the
// range of the format.
#include <cmath>

#include "golden/corpus.h"
#include "reference/draw.h"

namespace exactbn {

using namespace suite;

namespace {

using enum Operation;

// Four equal small integers: every sum of them is exact.
void add_zero_variance(Corpus& corpus, Operation operation, DType dtype) {
  Problem p = corpus.draw("ZeroVariance", operation, dtype, {4, 2});
  set_channel(p, Input::x, 0, {3});
  set(p, Input::running_var, {0, 1});
  p.epsilon = 0;
  corpus.add(std::move(p), "Channel 0 has w = 0: 0/0; channel 1 is ordinary.",
             {"ZeroVariance", "EpsilonZero"});
}

void add_constant(Corpus& corpus, Operation operation, DType dtype) {
  Problem p = corpus.draw("ConstantChannel", operation, dtype, {4, 2});
  set_channel(p, Input::x, 0, {3});
  p.epsilon = 1;
  corpus.add(std::move(p), "Channel 0 is constant, and epsilon 1.",
             {"ConstantChannel", "EpsilonOne"});
}

void add_single_value(Corpus& corpus, Operation operation, DType dtype) {
  corpus.add(corpus.draw("SingleValue", operation, dtype, {1, 3, 1}),
             "One value a channel: the variance is 0, and y is beta.",
             {"SingleValue"});
}

// A non-finite value in channel 1 of two; channel 0 stays clean.
void add_nonfinite(Corpus& corpus, Operation operation, DType dtype,
                   Input input, double value) {
  Problem p = corpus.draw("NonFiniteChannel", operation, dtype, {3, 2});
  const auto it = p.inputs.find(input);
  if (it == p.inputs.end()) return;
  Tensor& tensor = it->second;
  tensor.set_bits(tensor.size() == 2 ? 1 : 3, round_to(value, tensor.dtype()));
  corpus.add(std::move(p),
             std::string(to_string(input)) +
                 " of channel 1 has a value that is not "
                 "finite; channel 0 stays clean.",
             {"NonFiniteChannel"});
}

// Random bits, as in tests of floating-point units.
void add_any_bits(Corpus& corpus, Operation operation, DType dtype) {
  for (int trial = 0; trial < 4; ++trial) {
    Problem p = corpus.draw("AnyBits", operation, dtype, {4, 1});
    Draw draw(corpus.seed() + static_cast<std::uint64_t>(trial));
    for (const Input input : {Input::x, Input::dy, Input::x_dot, Input::ddx}) {
      const auto it = p.inputs.find(input);
      if (it == p.inputs.end()) continue;
      for (std::int64_t i = 0; i < it->second.size(); ++i) {
        it->second.set_bits(i, draw_bits(draw, dtype));
      }
    }
    corpus.add(std::move(p),
               "Values of any exponent: sums that cancel, overflow or vanish.",
               {"AnyBits"});
  }
}

// Values in the two highest binades of the subnormals, with an exact mean.
void add_subnormal(Corpus& corpus, Operation operation, DType dtype) {
  const double unit = std::ldexp(1.0, format(dtype).emin - 4);
  Problem p = corpus.draw("Subnormal", operation, dtype, {4, 1});
  for (const Input input : {Input::dy, Input::x_dot, Input::ddx}) {
    set(p, input, {6 * unit, -8 * unit, 4 * unit, 2 * unit});
  }
  if (operation == forward_training || operation == forward_inference) {
    set(p, Input::x, {2 * unit, 4 * unit, 6 * unit, 8 * unit});
    set(p, Input::running_mean, {5 * unit});
    set(p, Input::running_var, {0});
    p.inputs.erase(Input::beta);
  }
  corpus.add(std::move(p), "Subnormal inputs, and for most results too.",
             {"Subnormal"});
}

}  // namespace

void add_edges(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Operation operation : kOperations) {
      add_zero_variance(corpus, operation, dtype);
      add_constant(corpus, operation, dtype);
      add_single_value(corpus, operation, dtype);
      for (const Input input :
           {Input::x, Input::dy, Input::x_dot, Input::ddx, Input::gamma}) {
        add_nonfinite(corpus, operation, dtype, input, NAN);
        add_nonfinite(corpus, operation, dtype, input, -HUGE_VAL);
      }
      add_any_bits(corpus, operation, dtype);
      add_subnormal(corpus, operation, dtype);
    }
  }
}

}  // namespace exactbn
