// SPDX-License-Identifier: Apache-2.0
// Subjects that answer a question differently from run to run.
#include <gtest/gtest.h>

#include "oracles/subjects/double.h"
#include "properties/counterexample.h"

namespace exactbn::differing_test {
namespace {

// Every second answer has another last bit in y, where x has two channels or
// more: within every grade that is judged by eta.
class Wavering : public DoubleSubject {
 public:
  Answer answer(const Case& c) override {
    Answer answer = DoubleSubject::answer(c);
    const auto y = answer.outputs.find(Output::y);
    if (++calls_ % 2 == 0 && y != answer.outputs.end() &&
        c.problem.view().channels > 1) {
      y->second.set_bits(0, y->second.bits(0) ^ 1);
    }
    return answer;
  }

 private:
  int calls_ = 0;
};

// Answers as the call before, if that was of the same shape: every answer is
// the same if the question is asked again and again.
class Remembering : public DoubleSubject {
 public:
  Answer answer(const Case& c) override {
    Answer answer = DoubleSubject::answer(c);
    std::swap(answer, last_);
    const bool same = answer.outputs.size() == last_.outputs.size() &&
                      is_same(last_problem_, c.problem);
    last_problem_ = c.problem;
    return same ? answer : last_;
  }

 private:
  static bool is_same(const Problem& a, const Problem& b) {
    return a.inputs.contains(Input::x) && a.operation == b.operation &&
           a.x().shape() == b.x().shape() && a.x().dtype() == b.x().dtype() &&
           a.channel_axis == b.channel_axis;
  }
  Answer last_;
  Problem last_problem_;
};

Request request() {
  Request r;
  r.cases = 60;
  r.draw.operations = {Operation::forward_training};
  r.draw.dtypes = {DType::f64};
  for (const Law& law : laws()) r.laws.push_back(&law);
  return r;
}

TEST(Differing, BreaksNoLaw) {
  const Source source = {[] { return std::make_unique<Wavering>(); }};
  const Survey s = survey(source, request());
  EXPECT_GT(s.differing, 10u);
  EXPECT_GE(s.failed, s.differing);
  for (const Discovery& d : s.discoveries) {
    EXPECT_EQ(d.violation.law, kOracle) << d.violation.text;
  }
  ASSERT_TRUE(s.smallest_differing);
  const auto shrunk =
      shrink_differing(source, request(), *s.smallest_differing);
  ASSERT_TRUE(shrunk);
  EXPECT_EQ(shrunk->problem.view().channels, 2);
  EXPECT_EQ(shrunk->problem.x().size(), 2);
}

// State that earlier questions leave is a law's to find.
TEST(Differing, IsNotWhatAnEarlierQuestionChanges) {
  const Source source = {[] { return std::make_unique<Remembering>(); }};
  const Survey s = survey(source, request());
  const auto law = std::find_if(
      s.discoveries.begin(), s.discoveries.end(),
      [](const Discovery& d) { return d.violation.law == "nothing_is_kept"; });
  EXPECT_NE(law, s.discoveries.end());
}

}  // namespace
}  // namespace exactbn::differing_test
