// SPDX-License-Identifier: Apache-2.0
// Several subjects side by side.
#include "tools/exactbn/report/matrix.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::matrix_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A run of one case with this verdict.
SubjectRun ended(const std::string& failure, Verdict verdict, bool broke) {
  static const Case question;
  SubjectRun result;
  result.failure = failure;
  CaseRun c;
  c.question = &question;
  c.verdict.verdict = verdict;
  c.broke = broke;
  result.run.cases.push_back(c);
  return result;
}

TEST(Matrix, ExitCodeIsTheMostSerious) {
  const SubjectRun passed = ended("", Verdict::passed, false);
  const SubjectRun beyond = ended("", Verdict::beyond, false);
  const SubjectRun undecided = ended("", Verdict::undecided, false);
  SubjectRun counted = undecided;
  counted.run.declaration.domain = Domain::all;
  const SubjectRun failed = ended("", Verdict::failed, false);
  const SubjectRun broke = ended("", Verdict::failed, true);
  const SubjectRun absent = ended("no such file", Verdict::passed, false);
  EXPECT_EQ(exit_code({passed, passed}), 0);
  EXPECT_EQ(exit_code({undecided, beyond}), 0);
  EXPECT_EQ(exit_code({counted, passed}), 4);
  EXPECT_EQ(exit_code({failed, counted}), 1);
  EXPECT_EQ(exit_code({passed, broke, failed}), 3);
  EXPECT_EQ(exit_code({absent, passed}), 3);
}

class SideBySide : public ProgramTest {
 protected:
  SideBySide() {
    write("right.py", example());
    write("wrong.py", wrong_example());
  }
  // Cases in two formats; the examples support only one of them.
  ProgramRun judged(const std::string& more) const {
    return run(
        "exactbn validate double --exec 'python3 right.py' --exec 'python3 "
        "wrong.py' --filter WorkedExample --dtype f32,f16 " +
        more);
  }
};

TEST_F(SideBySide, PrintsATablePerOperation) {
  const ProgramRun outcome = judged("");
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("3 subjects   suite core"));
  const std::size_t at = outcome.out.find("forward_training ");
  ASSERT_NE(at, std::string::npos) << outcome.out;
  const std::string block =
      outcome.out.substr(at, outcome.out.find("\n\n", at) - at);
  EXPECT_THAT(block, testing::MatchesRegex(
                         "forward_training +f32 +f16\n"
                         "  double +correct 0 0/[1-9][0-9]* +correct .*\n"
                         "  example.py +[a-z]+ [0-9.e+-]+ 0/[0-9]+ +-\n"
                         "  example.py +unstable [0-9.e+-]+ [1-9][0-9]*/.* +-"))
      << outcome.out;
  EXPECT_THAT(outcome.out, Not(HasSubstr("FAIL ")));
  EXPECT_THAT(last_line(outcome.out), HasSubstr("example.py: "));
}

TEST_F(SideBySide, FailuresArePrintedOnRequest) {
  EXPECT_THAT(judged("--errors 1").out, HasSubstr("epsilon_outside_root"));
}

TEST_F(SideBySide, FilesHoldAllSubjects) {
  judged("--json r.json --junit r.xml --html r.html");
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["schema"], "exactbn/matrix/1");
  ASSERT_EQ(report["reports"].size(), 3u);
  EXPECT_EQ(report["reports"][0]["schema"], "exactbn/report/1");
  EXPECT_EQ(report["did_not_start"], json::array());
  // The rows of the wrong subject agree with its own report.
  int failed = 0;
  for (const json& row : report["matrix"]) {
    EXPECT_EQ(row["run"].get<int>(),
              row["passed"].get<int>() + row["failed"].get<int>() +
                  row["missing"].get<int>() + row["undecided"].get<int>() +
                  row["beyond"].get<int>());
    if (row["subject"] == "example.py") failed += row["failed"].get<int>();
    EXPECT_EQ(row["failed"] > 0, row["grade"] == "unstable");
  }
  EXPECT_EQ(failed, report["reports"][2]["summary"]["failed"]);
  EXPECT_GT(failed, 0);
  EXPECT_THAT(read("r.html"), HasSubstr("<h2 id=\"double\">double</h2>"));
  EXPECT_THAT(read("r.html"), HasSubstr("epsilon_outside_root"));
  write("junit.py", R"(
import xml.etree.ElementTree as tree
print(*[s.get("failures") for s in tree.parse("r.xml").getroot()])
)");
  EXPECT_EQ(run("python3 junit.py").out,
            "0 0 " + std::to_string(failed) + "\n");
}

TEST_F(SideBySide, OneThatDoesNotStartDoesNotStopTheOthers) {
  const ProgramRun outcome = judged("--exec 'exit 3' --json r.json");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(last_line(outcome.out),
            "--exec 'exit 3': did not start: 'exit 3' exited with status 3 "
            "before its declaration\n");
  EXPECT_THAT(outcome.out, HasSubstr("\n  double "));
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["did_not_start"][0]["subject"], "--exec 'exit 3'");
}

}  // namespace
}  // namespace exactbn::matrix_test
