// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

const Shape kEpsilonShape = {2, 3, 3, 5};

void add_ordinary(Suite& suite, const std::string& label, double epsilon) {
  for (const Operation operation : kFirstOrder) {
    for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
      Problem p = suite.draw(label, operation, dtype, kEpsilonShape);
      p.epsilon = epsilon;
      suite.add(std::move(p), {label});
    }
  }
}

// Values of magnitude `factor`, with a variance of about factor^2.
void add_small(Suite& suite, const std::string& label, DType dtype,
               double factor, double epsilon) {
  for (const Operation operation : kFirstOrder) {
    Problem p = suite.draw(label, operation, dtype, kEpsilonShape);
    rescale(p, factor);
    p.epsilon = epsilon;
    suite.add(std::move(p), {label});
  }
}

}  // namespace

void add_epsilons(Suite& suite) {
  add_ordinary(suite, "EpsilonZero", 0);
  add_ordinary(suite, "EpsilonOne", 1);
  for (const DType dtype : kSuiteDTypes) {
    // f16 has no normal value below 2^-14.
    const bool narrow = dtype == DType::f16;
    add_small(suite, "TinyVariance", dtype, narrow ? 0x1p-9 : 0x1p-13,
              kEpsilon);
    add_small(suite, "EpsilonTiny", dtype, narrow ? 0x1p-9 : 0x1p-15, 0x1p-60);
  }
  // w is epsilon alone: invstd is 2^30.
  for (const DType dtype : {DType::f64, DType::f32}) {
    for (const Operation operation :
         {Operation::forward_training, Operation::backward_training}) {
      Problem p = suite.draw("EpsilonTiny", operation, dtype, {2, 2, 4});
      p.epsilon = 0x1p-60;
      set_channel(p, Input::x, 0, {3});
      suite.add(std::move(p), {"EpsilonTiny", "ConstantChannel"});
    }
  }
}

}  // namespace exactbn::suite
