// SPDX-License-Identifier: Apache-2.0
#include "reference/problem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace exactbn::problem_test {
namespace {

// Every input of the operation, for two channels.
Problem problem_of(Operation operation) {
  Problem p;
  p.operation = operation;
  p.inputs[Input::x] = Tensor(DType::f32, {3, 2});
  for (const Input name : inputs_of(operation)) {
    p.inputs.insert_or_assign(name, Tensor(DType::f32, shape_of(p, name)));
  }
  return p;
}

// The offending field; "" if the problem is valid.
std::string offending_field(const Problem& p) {
  try {
    require_valid(p);
  } catch (const InvalidProblem& error) {
    return error.field();
  }
  return "";
}

TEST(Problem, HasTheInputsOfItsOperation) {
  for (const Operation operation : kOperations) {
    const Problem whole = problem_of(operation);
    EXPECT_EQ(offending_field(whole), "") << to_string(operation);
    for (std::size_t i = 0; i < kInputs.size(); ++i) {
      const auto name = static_cast<Input>(i);
      const std::string field = "inputs." + std::string(to_string(name));
      Problem p = whole;
      if (inputs_of(operation).contains(name)) {
        const bool needed = traits(operation).required.contains(name);
        p.inputs.erase(name);
        EXPECT_EQ(offending_field(p), needed ? field : "") << name;
      } else {
        p.inputs[name] = Tensor(DType::f32, shape_of(p, name));
        EXPECT_EQ(offending_field(p), field);
      }
    }
  }
}

TEST(Problem, HasShapesThatAgree) {
  for (const Operation operation : kOperations) {
    for (const auto& [name, tensor] : problem_of(operation).inputs) {
      if (name == Input::x) continue;
      Problem p = problem_of(operation);
      p.inputs[name] = Tensor(DType::f32, {3});
      EXPECT_EQ(offending_field(p),
                "inputs." + std::string(to_string(name)) + ".shape");
    }
  }
  for (const Shape& shape : {Shape{3}, Shape{1, 2, 1}, Shape{1, 2, 1, 1, 1},
                             Shape{1, 2, 1, 1, 1, 1}}) {
    Problem p;
    p.channel_axis = 0;
    p.inputs[Input::x] = Tensor(DType::f32, shape);
    const bool valid = shape.size() >= 2 && shape.size() <= 5;
    EXPECT_EQ(offending_field(p), valid ? "" : "inputs.x.shape")
        << to_string(shape);
  }
  for (const int axis : {-1, 0, 1, 2}) {
    Problem p;
    p.channel_axis = axis;
    p.inputs[Input::x] = Tensor(DType::f32, {3, 2});
    EXPECT_EQ(offending_field(p), axis == 0 || axis == 1 ? "" : "channel_axis")
        << axis;
  }
}

TEST(Problem, RejectsMeaninglessNumbers) {
  const auto with = [](const std::function<void(Problem&)>& change) {
    Problem p = problem_of(Operation::forward_training);
    change(p);
    return offending_field(p);
  };
  for (const double epsilon : {-0x1p-1074, -1.0, HUGE_VAL, double{NAN}}) {
    EXPECT_EQ(with([&](Problem& p) { p.epsilon = epsilon; }), "epsilon");
  }
  EXPECT_EQ(with([](Problem& p) { p.momentum = NAN; }), "momentum");
  EXPECT_EQ(with([](Problem& p) { p.momentum = -HUGE_VAL; }), "momentum");
  EXPECT_EQ(with([](Problem& p) { p.momentum = -0.5; }), "");
  EXPECT_EQ(with([](Problem& p) { p.batches_tracked = -1; }),
            "batches_tracked");
  const auto with_variance = [&](double variance) {
    return with([&](Problem& p) {
      p.inputs[Input::running_var].set_bits(1, round_to(variance, DType::f32));
    });
  };
  EXPECT_EQ(with_variance(-0x1p-149), "inputs.running_var");
  EXPECT_EQ(with_variance(-HUGE_VAL), "inputs.running_var");
  // -0 is not negative; NaN and infinities have their own rules.
  for (const double variance : {-0.0, 0x1p-149, HUGE_VAL, double{NAN}}) {
    EXPECT_EQ(with_variance(variance), "") << variance;
  }
}

}  // namespace
}  // namespace exactbn::problem_test
