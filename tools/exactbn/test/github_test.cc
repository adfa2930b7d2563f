// SPDX-License-Identifier: Apache-2.0
// --github: annotations of GitHub Actions.
#include "tools/exactbn/report/github.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::github_test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(Annotation, EscapesWhatWouldEndIt) {
  EXPECT_EQ(annotation("error", "50%, a:b", "100%: a, b\r\n::error::c"),
            "::error title=50%25%2C a%3Ab::100%25: a, b%0D%0A::error::c\n");
}

std::vector<std::string> commands(const std::string& text) {
  std::istringstream lines(text);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("::")) found.push_back(line);
  }
  return found;
}

class GitHub : public ProgramTest {};

TEST_F(GitHub, AnErrorForEachFailureWithTheCommandThatRepeatsIt) {
  std::string wrong = small_answer("b");
  wrong.replace(wrong.find("3e800000"), 8, "3e900000");
  write("cases", small_case("a") + small_case("b") + small_case("c"));
  write("answers", small_answer("a") + wrong);
  const ProgramRun outcome = run("exactbn check cases answers --github");
  EXPECT_EQ(outcome.status, 1);
  const std::vector<std::string> found = commands(outcome.out);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0],
              AllOf(StartsWith("::error title=failed%3A forward_training f32 "
                               "b::  where  var[0]   "),
                    HasSubstr("%0A  got    "),
                    HasSubstr("%0A  again  exactbn check cases answers "
                              "--filter b")));
  EXPECT_EQ(found[1],
            "::error title=missing%3A forward_training f32 c::no answer%0A  "
            "again  exactbn check cases answers --filter c");
  EXPECT_THAT(last_line(outcome.out), StartsWith("3 run, "));
  EXPECT_THAT(commands(run("exactbn check cases answers").out), SizeIs(0));
}

TEST_F(GitHub, TenErrorsAndTheNumberOfTheOthers) {
  const std::string command =
      "exactbn validate defect:epsilon_outside_root --dtype f32 --github ";
  const std::vector<std::string> ten = commands(run(command).out);
  ASSERT_THAT(ten, SizeIs(11));
  EXPECT_THAT(ten.back(), AllOf(StartsWith("::notice title=exactbn::"),
                                HasSubstr(" more failed; ")));
  const std::vector<std::string> two =
      commands(run(command + "--errors 2").out);
  ASSERT_THAT(two, SizeIs(3));
  EXPECT_THAT(two[1], StartsWith("::error "));
}

TEST_F(GitHub, KnownFailuresAreNotShownAndMendedOnesAre) {
  const std::string command =
      "exactbn validate defect:epsilon_outside_root --filter WorkedExample "
      "--baseline b --github ";
  run(command + "--update-baseline");
  const ProgramRun known = run(command);
  EXPECT_EQ(known.status, 0);
  EXPECT_THAT(commands(known.out), SizeIs(0));
  write("b", read("b") + R"({"case":"fwd-f64-df8bf5b9","output":"mean",)"
                         R"("failure":"missing"})"
                         "\n");
  const std::string says = " title=exactbn baseline::1 of b is mended; ";
  EXPECT_THAT(commands(run(command).out),
              testing::ElementsAre(StartsWith("::notice" + says)));
  const ProgramRun strict = run(command + "--baseline-strict");
  EXPECT_EQ(strict.status, 1);
  EXPECT_THAT(commands(strict.out),
              testing::ElementsAre(StartsWith("::error" + says)));
}

TEST_F(GitHub, AppendsTheReportToTheSummaryOfTheStep) {
  write("summary.md", "before\n");
  const ProgramRun outcome =
      run("GITHUB_STEP_SUMMARY=summary.md exactbn validate double --github "
          "--filter WorkedExample");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(read("summary.md"), "before\n### exactbn: double\n\n```text\n" +
                                    outcome.out + "```\n\n");
  const ProgramRun refused =
      run("GITHUB_STEP_SUMMARY=no/summary exactbn validate double --github");
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err,
            "exactbn: no/summary: cannot be written: No such file or "
            "directory\n");
}

TEST_F(GitHub, AnErrorForEachCounterexample) {
  const ProgramRun outcome =
      run("exactbn properties defect:dx_without_projection --cases 60 "
          "--errors 2 --save '' --github");
  EXPECT_EQ(outcome.status, 1);
  const std::vector<std::string> found = commands(outcome.out);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_THAT(found[0],
              AllOf(StartsWith("::error title="), HasSubstr(" is broken::"),
                    HasSubstr("%0A  again        exactbn properties "
                              "defect:dx_without_projection ")));
  EXPECT_THAT(found[2], StartsWith("::notice title=exactbn::"));
  EXPECT_THAT(found, Each(Not(HasSubstr("BROKEN"))));
}

}  // namespace
}  // namespace exactbn::github_test
