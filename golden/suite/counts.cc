// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

using enum Operation;

void add_count(Suite& suite, const std::string& label, const Shape& shape) {
  for (const Operation operation : {forward_training, backward_training}) {
    for (const DType dtype : kSuiteDTypes) {
      suite.add(suite.draw(label, operation, dtype, shape), {label});
    }
  }
}

// Sums of 9 equal values and of their squares round; E[x^2] - E[x]^2 of 1000.1f
// is -0.1875 in f32.
void add_constant(Suite& suite, double constant, double epsilon) {
  for (const Operation operation : {forward_training, backward_training}) {
    for (const DType dtype : kSuiteDTypes) {
      Problem p = suite.draw("ConstantChannel", operation, dtype, {3, 3, 1, 3});
      set_channel(p, Input::x, 1, {constant});
      p.epsilon = epsilon;
      suite.add(std::move(p), {"ConstantChannel"});
    }
  }
}

// Sums of small integers are exact in any order, so only the rule for 0/0
// decides.
void add_zero_variance(Suite& suite) {
  for (const Operation operation : {forward_training, backward_training}) {
    for (const DType dtype : kSuiteDTypes) {
      Problem p = suite.draw("ZeroVariance", operation, dtype, {2, 3, 2, 2});
      p.epsilon = 0;
      set_channel(p, Input::x, 1, {5});
      set_channel(p, Input::dy, 1, {1, -3, 2, 0.5});
      suite.add(std::move(p), {"ZeroVariance", "EpsilonZero"});
    }
  }
}

}  // namespace

void add_small_counts(Suite& suite) {
  add_count(suite, "SingleValue", {1, 5, 1, 1});
  add_count(suite, "TwoValues", {2, 3, 1, 1});
  add_count(suite, "ThreeValues", {1, 3, 3});
  // A mean that is off by an ulp changes w by kappa^2 u^2, relatively: little
  // in both cases.
  add_constant(suite, 10.1, kEpsilon);
  add_constant(suite, 1000.1, 1);
  add_zero_variance(suite);
}

}  // namespace exactbn::suite
