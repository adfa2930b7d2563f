// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/case_rules.h"

#include <gtest/gtest.h>

#include <deque>

namespace exactbn::case_rules_test {
namespace {

class Rules : public testing::Test {
 protected:
  const Case* add(DType x, DType gamma, std::vector<std::string> labels = {},
                  int channel_axis = 1, std::int64_t m = 2) {
    Case& c = cases_.emplace_back();
    Shape shape = {m, 3, 3};
    c.problem.channel_axis = channel_axis;
    c.problem.inputs[Input::x] = Tensor(x, shape);
    c.problem.inputs[Input::gamma] =
        make_tensor(gamma, {3}, std::vector{1., -1., 1.});
    c.labels = std::move(labels);
    return &c;
  }
  std::deque<Case> cases_;
};

using enum DType;

TEST_F(Rules, OneRuleDistinguishes) {
  const Case* same = add(f32, f32);
  const Case* wide = add(bf16, f32);
  const Case* narrow = add(bf16, bf16);
  EXPECT_EQ(distinguishing_rule({same}, {wide, narrow}), "x is f32");
  EXPECT_EQ(distinguishing_rule({wide}, {narrow}),
            "gamma is in a wider format than x");
  EXPECT_EQ(distinguishing_rule({narrow}, {wide}),
            "gamma is given, in the format of x");
  EXPECT_EQ(distinguishing_rule({same, wide}, {narrow}), std::nullopt);
}

TEST_F(Rules, ALabelDistinguishesIfNoShapeDoes) {
  const Case* a = add(f32, f32, {"One", "Both"});
  const Case* b = add(f32, f32, {"Both"});
  EXPECT_EQ(distinguishing_rule({a}, {b}), "the case is labelled One");
  EXPECT_EQ(distinguishing_rule(shape_rules({a}), {a}, {b}), std::nullopt);
  EXPECT_EQ(distinguishing_rule({b}, {a}), std::nullopt);
}

TEST_F(Rules, AnOperationDistinguishes) {
  const Case* a = add(f32, f32);
  const Case* b = add(f32, f32);
  cases_.back().problem.operation = Operation::jvp_training;
  EXPECT_EQ(distinguishing_rule({b}, {a}), "the operation is jvp_training");
}

// The threshold is the least size among the cases that the rule must hold for.
TEST_F(Rules, ASizeDistinguishes) {
  const Case* small = add(f32, f32, {}, 1, 2);
  const Case* middle = add(f32, f32, {}, 1, 5);
  const Case* large = add(f32, f32, {}, 1, 7);
  EXPECT_EQ(distinguishing_rule({large, middle}, {small}), "m is 15 or more");
  EXPECT_EQ(distinguishing_rule({small, large}, {middle}), std::nullopt);
}

TEST_F(Rules, TwoRulesDistinguishEnoughCases) {
  CaseList these;
  CaseList others;
  for (int i = 0; i < 4; ++i) {
    these.push_back(add(bf16, f32, {}, 2));
    others.push_back(add(f32, f32, {}, 2));
    others.push_back(add(bf16, f32, {}, 1));
  }
  EXPECT_EQ(distinguishing_rule(these, others),
            "the channel axis is the last and x is bf16");
  these.pop_back();
  EXPECT_EQ(distinguishing_rule(these, others), std::nullopt);
}

TEST_F(Rules, NothingDistinguishesFromNoCases) {
  EXPECT_EQ(distinguishing_rule({add(f32, f32)}, {}), std::nullopt);
  EXPECT_EQ(distinguishing_rule({}, {add(f32, f32)}), std::nullopt);
}

}  // namespace
}  // namespace exactbn::case_rules_test
