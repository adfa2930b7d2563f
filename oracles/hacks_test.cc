// SPDX-License-Identifier: Apache-2.0
#include "oracles/hacks.h"

#include <gtest/gtest.h>

#include <set>

#include "oracles/check.h"

namespace exactbn::hacks_test {
namespace {

// Everyday data, where most hacks are right.
Case case_of(Operation operation, double x0 = 3) {
  Case c;
  Problem& p = c.problem;
  p.operation = operation;
  p.epsilon = 0.125;
  p.momentum = 0.25;
  p.inputs.emplace(Input::x, make_tensor(DType::f32, {4, 2},
                                         std::vector<double>{x0, 1, -2, 0.5,
                                                             1.5, -1, 0, 2}));
  for (const Input name : inputs_of(operation)) {
    if (name == Input::x) continue;
    Tensor tensor(DType::f32, shape_of(p, name));
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i,
                      round_to(1.25 + static_cast<double>(i % 3), DType::f32));
    }
    p.inputs.emplace(name, std::move(tensor));
  }
  return c;
}

Verdict verdict_on(Subject& subject, const Case& c) {
  return check(c, subject.declaration(), subject.answer(c), Grade::sequential)
      .verdict;
}

TEST(Hacks, AreFortyAndMoreWithNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Hack& hack : hacks()) {
    EXPECT_TRUE(names.insert(hack.name).second) << hack.name;
    EXPECT_EQ(find_hack(hack.name), &hack);
    EXPECT_FALSE(hack.what.empty()) << hack.name;
    EXPECT_FALSE(hack.family.empty()) << hack.name;
    const HackSubject subject(hack);
    EXPECT_EQ(subject.declaration().operations.size(), hack.operations.size());
  }
  EXPECT_GE(names.size(), 40u);
  EXPECT_EQ(find_hack("none"), nullptr);
}

// They answer every output, in its shape and format.
TEST(Hacks, AnswerEveryOutput) {
  for (const Hack& hack : hacks()) {
    HackSubject subject(hack);
    for (const Operation operation : hack.operations) {
      const Case c = case_of(operation);
      const Answer answer = subject.answer(c);
      for (const Output name : output_names(c.problem)) {
        ASSERT_TRUE(answer.outputs.contains(name)) << hack.name;
        EXPECT_EQ(answer.outputs.at(name).shape(), shape_of(c.problem, name))
            << hack.name;
        EXPECT_EQ(answer.outputs.at(name).dtype(), DType::f32) << hack.name;
      }
    }
  }
}

TEST(Hacks, AMemoisedAnswerIsRightOnce) {
  HackSubject subject(*find_hack("memoised_by_shape"));
  const Case first = case_of(Operation::forward_training);
  const Case second = case_of(Operation::forward_training, -5);
  EXPECT_EQ(verdict_on(subject, first), Verdict::passed);
  EXPECT_EQ(verdict_on(subject, second), Verdict::failed);
  EXPECT_EQ(verdict_on(subject, first), Verdict::passed);
}

TEST(Hacks, ACallIsSkipped) {
  HackSubject subject(*find_hack("every_7th_call_skipped"));
  const Case c = case_of(Operation::backward_training);
  for (int call = 1; call <= 14; ++call) {
    EXPECT_EQ(verdict_on(subject, c),
              call % 7 == 0 ? Verdict::failed : Verdict::passed);
  }
}

TEST(Hacks, AnInputIsWrittenTo) {
  HackSubject subject(*find_hack("writes_y_to_x"));
  Case lent = case_of(Operation::forward_training);
  // Short tensors are never borrowed.
  Tensor x(DType::f32, {20, 2});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.set_bits(i, round_to(static_cast<double>(i % 7), DType::f32));
  }
  lent.problem.inputs.at(Input::x) =
      Tensor::borrowed(DType::f32, x.shape(), x.bytes().data());
  const Answer answer = subject.answer(lent);
  EXPECT_EQ(x, answer.outputs.at(Output::y));
}

}  // namespace
}  // namespace exactbn::hacks_test
