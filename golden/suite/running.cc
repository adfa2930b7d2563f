// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

Problem training(const Suite& suite, std::string_view label, DType dtype) {
  return suite.draw(label, Operation::forward_training, dtype, {2, 3, 3, 5});
}

void add_momentum(Suite& suite, DType dtype, const std::string& label,
                  double momentum) {
  Problem p = training(suite, label, dtype);
  p.momentum = momentum;
  suite.add(std::move(p), {label});
}

// The batch has weight 1 / (tracked + 1).
void add_cumulative(Suite& suite, DType dtype, std::int64_t tracked) {
  Problem p = training(suite, "CumulativeAverage", dtype);
  p.momentum = std::nullopt;
  p.batches_tracked = tracked;
  suite.add(std::move(p), {"CumulativeAverage"});
}

void add_absent_statistics(Suite& suite, DType dtype) {
  Problem neither = training(suite, "NoRunningStatistics", dtype);
  neither.inputs.erase(Input::running_mean);
  neither.inputs.erase(Input::running_var);
  suite.add(std::move(neither), {"NoRunningStatistics"});
  for (const Input absent : {Input::running_mean, Input::running_var}) {
    Problem p = training(suite, "OneRunningStatistic", dtype);
    p.inputs.erase(absent);
    suite.add(std::move(p), {"OneRunningStatistic"});
  }
}

// With momentum 1 the running variance becomes 0: this exposes an update that
// stores var + eps.
void add_zero_variance(Suite& suite, DType dtype) {
  Problem update = training(suite, "ZeroRunningVariance", dtype);
  update.momentum = 1;
  update.epsilon = 1;
  set_channel(update, Input::x, 1, {3});
  suite.add(std::move(update),
            {"ZeroRunningVariance", "ConstantChannel", "MomentumOne"});

  using enum Operation;
  for (const Operation operation : {forward_inference, backward_inference}) {
    Problem p =
        suite.draw("ZeroRunningVariance", operation, dtype, {2, 3, 3, 5});
    set(p, Input::running_var, {0, 0.0078125, 2});
    suite.add(std::move(p), {"ZeroRunningVariance"});
  }
}

}  // namespace

void add_running_statistics(Suite& suite) {
  for (const DType dtype : kSuiteDTypes) {
    add_momentum(suite, dtype, "MomentumZero", 0);
    add_momentum(suite, dtype, "MomentumEighth", 0.125);
    add_momentum(suite, dtype, "MomentumOne", 1);
    add_cumulative(suite, dtype, 0);
    add_cumulative(suite, dtype, 3);
  }
  add_absent_statistics(suite, DType::f64);
  add_absent_statistics(suite, DType::f32);
  add_zero_variance(suite, DType::f32);
  add_zero_variance(suite, DType::bf16);
}

}  // namespace exactbn::suite
