// SPDX-License-Identifier: Apache-2.0
// Failures that no known defect explains, shrunk.
#include "tools/exactbn/report/smallest.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "golden/suite.h"
#include "oracles/subjects/double.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn::smallest_test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// dx is a quarter too large in channels of three or more values.
class OddSubject : public Subject {
 public:
  const Declaration& declaration() const override {
    return right_.declaration();
  }

  Answer answer(const Case& c) override {
    ++asked;
    if (asked > breaks_after) throw SubjectFailure("broke");
    Answer answer = right_.answer(c);
    const auto dx = answer.outputs.find(Output::dx);
    if (dx == answer.outputs.end() || c.problem.view().count() < 3) {
      return answer;
    }
    Tensor& values = dx->second;
    for (std::int64_t i = 0; i < values.size(); ++i) {
      values.set_bits(
          i, round_to(values.value(i) * static_cast<double>(5 + i % 3) / 4,
                      values.dtype()));
    }
    return answer;
  }

  int asked = 0;
  int breaks_after = 100'000;

 private:
  DoubleSubject right_;
};

Run run_of(OddSubject& subject, const std::vector<Case>& cases) {
  Run run;
  run.declaration = subject.declaration();
  ask(subject, cases, run, [](std::size_t) {});
  diagnose(run);
  return run;
}

std::vector<Case> gradients() {
  std::vector<Case> cases;
  for (Case& c : core_suite()) {
    const Problem& p = c.problem;
    if (p.operation == Operation::backward_training && p.x().size() < 200 &&
        p.x().dtype() == DType::f32) {
      cases.push_back(std::move(c));
    }
  }
  return cases;
}

TEST(SmallestFailures, AreAsSmallAsTheDefectAllows) {
  const std::vector<Case> cases = gradients();
  OddSubject subject;
  const auto run = run_of(subject, cases);
  const std::vector<SmallestFailure> all = smallest_failures(subject, run);
  ASSERT_THAT(all, SizeIs(1));
  const SmallestFailure& s = all.front();
  EXPECT_EQ(s.output, Output::dx);
  EXPECT_EQ(s.problem.x().size(), 3);
  const CaseVerdict verdict =
      check(case_of(s), run.declaration, s.answer, Grade::sequential);
  EXPECT_EQ(verdict.verdict, Verdict::failed);
  EXPECT_THAT(smallest_text(s), HasSubstr("SMALLEST backward_training f32"));
}

TEST(SmallestFailures, AreNoneForARightSubject) {
  const std::vector<Case> cases = gradients();
  OddSubject subject;
  auto run = run_of(subject, cases);
  std::erase_if(run.cases, [](const CaseRun& c) {
    return c.verdict.verdict == Verdict::failed;
  });
  const int asked = subject.asked;
  EXPECT_THAT(smallest_failures(subject, run), SizeIs(0));
  EXPECT_EQ(subject.asked, asked);
}

TEST(SmallestFailures, AreNoneForASubjectThatBreaks) {
  const std::vector<Case> cases = gradients();
  OddSubject subject;
  const auto run = run_of(subject, cases);
  subject.breaks_after = subject.asked + 5;
  EXPECT_THAT(smallest_failures(subject, run), SizeIs(0));
}

class SmallestInReports : public ProgramTest {};

TEST_F(SmallestInReports, FailAgain) {
  std::string text = example();
  const std::string right = R"("dx": dx)";
  text.replace(text.find(right), right.size(),
               R"("dx": {i: v * (5 + i % 3) / 4 for i, v in dx.items()})");
  write("odd.py", text);
  ASSERT_EQ(run("exactbn validate --exec 'python3 odd.py' --json r.json "
                "--html r.html --dtype f32")
                .status,
            1);
  const auto report = nlohmann::json::parse(read("r.json"));
  ASSERT_THAT(report["smallest"], SizeIs(1));
  EXPECT_EQ(report["smallest"][0]["output"], "dx");
  EXPECT_THAT(read("r.html"), HasSubstr("SMALLEST backward_training f32"));
  write("smallest.jsonl", report["smallest"][0]["case"].dump() + '\n');
  const ProgramRun again =
      run("exactbn validate --exec 'python3 odd.py' --cases smallest.jsonl");
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(run("exactbn validate double --cases smallest.jsonl").status, 0);
}

}  // namespace
}  // namespace exactbn::smallest_test
