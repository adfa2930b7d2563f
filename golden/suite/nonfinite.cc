// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

// A non-finite value in channel 1 of three.
void add_one(Suite& suite, Operation operation, DType dtype, Input input,
             double value) {
  Problem p = suite.draw("NonFiniteChannel", operation, dtype, {2, 3, 5});
  Tensor& tensor = p.inputs.at(input);
  tensor.set_bits(p.view().offset(1, 6), round_to(value, dtype));
  suite.add(std::move(p), {"NonFiniteChannel"});
}

}  // namespace

void add_nonfinite(Suite& suite) {
  using enum Operation;
  for (const DType dtype : kSuiteDTypes) {
    for (const double value : {double{NAN}, HUGE_VAL}) {
      add_one(suite, forward_training, dtype, Input::x, value);
      add_one(suite, forward_inference, dtype, Input::x, value);
      add_one(suite, backward_training, dtype, Input::dy, value);
      add_one(suite, backward_inference, dtype, Input::dy, value);
    }
    add_one(suite, forward_inference, dtype, Input::x, -HUGE_VAL);
    add_one(suite, backward_training, dtype, Input::x, HUGE_VAL);
    add_one(suite, backward_inference, dtype, Input::x, HUGE_VAL);
  }
}

}  // namespace exactbn::suite
