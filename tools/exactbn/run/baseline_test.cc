// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/baseline.h"

#include <gmock/gmock.h>

#include <list>

namespace exactbn::baseline_run_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A run of cases of forward_inference, whose only output is y.
class Compare : public testing::Test {
 protected:
  Compare() { run_.baseline.emplace(); }

  CaseRun& add(const std::string& id, Verdict verdict, double eta = 0) {
    Case& question = questions_.emplace_back();
    question.id = id;
    question.problem.operation = Operation::forward_inference;
    question.problem.inputs[Input::x] = Tensor(DType::f32, {1, 1});
    CaseRun& c = run_.cases.emplace_back();
    c.question = &question;
    c.verdict.verdict = verdict;
    OutputVerdict out;
    out.output = Output::y;
    out.verdict = verdict;
    out.worst.judgement.eta = eta;
    c.verdict.outputs.push_back(out);
    return c;
  }

  CaseRun& add_broken(const std::string& id) {
    CaseRun& c = add(id, Verdict::failed);
    c.verdict.outputs.clear();
    c.broke = true;
    return c;
  }

  static Failures wrong(const std::string& id, double eta) {
    return {{{id, Output::y}, {FailureKind::wrong, eta, {}, {}}}};
  }
  static Failures broke(const std::string& id) {
    return {{{id, {}}, {FailureKind::broke, 0, {}, {}}}};
  }

  std::vector<std::string> news(const Failures& known) {
    compare(known, Extent::whole, run_);
    return run_.cases.front().news;
  }

  std::list<Case> questions_;
  exactbn::Run run_;
};

TEST_F(Compare, AnEtaMayDouble) {
  add("a", Verdict::failed, 200);
  EXPECT_THAT(news(wrong("a", 100)), IsEmpty());
  EXPECT_TRUE(run_.cases[0].known);
  EXPECT_THAT(news(wrong("a", 99)), ElementsAre("y: eta 99 -> 200"));
  EXPECT_FALSE(run_.cases[0].known);
  EXPECT_THAT(news({}), ElementsAre("y: new"));
}

TEST_F(Compare, AnEtaBelowOneCountsAsOne) {
  add("a", Verdict::failed, 1.9);
  EXPECT_THAT(news(wrong("a", 0)), IsEmpty());
}

TEST_F(Compare, ACrashIsNewWhereAValueWasWrongAndTheReverse) {
  add_broken("a");
  EXPECT_THAT(news(wrong("a", 100)), ElementsAre("new"));
  EXPECT_THAT(run_.baseline->mended, IsEmpty());
  run_.cases.clear();
  add("a", Verdict::failed, 100);
  EXPECT_THAT(news(broke("a")), ElementsAre("y: new"));
  EXPECT_THAT(run_.baseline->mended, ElementsAre("a: broke -> failed"));
}

TEST_F(Compare, APassedCaseIsNotKnown) {
  add("a", Verdict::passed);
  EXPECT_THAT(news({}), IsEmpty());
  EXPECT_FALSE(run_.cases[0].known);
}

TEST_F(Compare, WhatWasNotAskedIsNeverKnownNorMended) {
  add_broken("a").not_asked = true;
  EXPECT_THAT(news(broke("a")), ElementsAre("not asked"));
  EXPECT_THAT(run_.baseline->mended, IsEmpty());
  EXPECT_EQ(exit_code(run_), 3);
  EXPECT_EQ(updated(broke("a"), Extent::whole, run_), broke("a"));
  EXPECT_EQ(updated({}, Extent::whole, run_), Failures());
}

TEST_F(Compare, AnUpdateKeepsWhatASelectionLeavesOut) {
  add("a", Verdict::failed, 5);
  Failures both = wrong("a", 5);
  both.merge(wrong("b", 7));
  EXPECT_EQ(updated(wrong("b", 7), Extent::selected, run_), both);
  EXPECT_EQ(updated(wrong("b", 7), Extent::whole, run_), wrong("a", 5));
}

TEST_F(Compare, TheExitCodeCountsWhatIsNotKnown) {
  add("a", Verdict::failed, 5);
  add_broken("b");
  EXPECT_EQ(exit_code(run_), 3);
  Failures known = broke("b");
  compare(known, Extent::whole, run_);
  EXPECT_EQ(exit_code(run_), 1);
  known.merge(wrong("a", 5));
  compare(known, Extent::whole, run_);
  EXPECT_EQ(exit_code(run_), 0);
  known.merge(wrong("c", 5));
  run_.baseline->strict = true;
  compare(known, Extent::whole, run_);
  EXPECT_EQ(exit_code(run_), 1);
}

}  // namespace
}  // namespace exactbn::baseline_run_test
