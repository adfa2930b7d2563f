// SPDX-License-Identifier: Apache-2.0
// One verb reads what another writes, and all ways to a report agree.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::round_trip_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

using RoundTrip = ProgramTest;

std::string all_passed(int cases) {
  const std::string n = std::to_string(cases);
  return n + " run, " + n +
         " passed, 0 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported\n";
}

TEST_F(RoundTrip, ListedCasesAreValidatedAndAnswersChecked) {
  const ProgramRun listed =
      run("exactbn list cases --dtype bf16 >list &&"
          "exactbn list cases --dtype bf16 --wire >cases");
  ASSERT_EQ(listed.status, 0) << listed.err;
  const std::string cases = read("cases");
  const auto n = static_cast<int>(std::count(cases.begin(), cases.end(), '\n'));
  ASSERT_GT(n, 100);
  const std::string list = read("list");
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), n);

  const ProgramRun piped = run("exactbn validate double --cases - <cases");
  EXPECT_EQ(piped.status, 0);
  EXPECT_THAT(piped.out, StartsWith("double   -   required: sequential\n"));
  EXPECT_EQ(last_line(piped.out), all_passed(n));

  ASSERT_EQ(run("exactbn serve double <cases >answers").status, 0);
  const ProgramRun checked = run("exactbn check cases answers");
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.out, StartsWith("double   cases   required: "));
  EXPECT_EQ(last_line(checked.out), all_passed(n));
  EXPECT_EQ(piped.out.substr(piped.out.find("\n\n")),
            checked.out.substr(checked.out.find("\n\n")));

  const ProgramRun few = run("exactbn check - answers --filter fwd- <cases");
  EXPECT_EQ(few.status, 0);
  EXPECT_THAT(few.out, HasSubstr("forward_training         bf16 "));
  EXPECT_THAT(few.out, testing::Not(HasSubstr("backward_training")));
}

// Without a declaration, and in any order.
TEST_F(RoundTrip, AnswersMayComeInAnyOrder) {
  write("cases", small_case("a") + small_case("b"));
  write("answers", small_answer("b") + "\n" + small_answer("a"));
  const ProgramRun outcome = run("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(last_line(outcome.out), all_passed(2));
}

class Jobs : public ProgramTest {
 protected:
  void expect_same_with_one_and_two(const std::string& command) {
    const ProgramRun one =
        run(command + " --jobs 1 --json 1.json --junit 1.xml");
    const ProgramRun two =
        run(command + " --jobs 2 --json 2.json --junit 2.xml");
    EXPECT_EQ(one.status, two.status);
    EXPECT_EQ(one.out, two.out);
    EXPECT_EQ(read("1.xml"), read("2.xml"));
    json first = json::parse(read("1.json"));
    json second = json::parse(read("2.json"));
    EXPECT_EQ(first["environment"]["threads"], 1);
    EXPECT_EQ(second["environment"]["threads"], 2);
    second["environment"]["threads"] = 1;
    EXPECT_EQ(first, second);
  }
};

TEST_F(Jobs, DoNotChangeTheReportOfDouble) {
  expect_same_with_one_and_two("exactbn validate double --filter ResNetShape");
}

TEST_F(Jobs, DoNotChangeTheReportOfAPlugin) {
  if (!has_adapter("onednn")) GTEST_SKIP() << "the adapter was not built";
  expect_same_with_one_and_two("exactbn validate onednn --filter ResNetShape");
}

TEST_F(RoundTrip, SeedChangesTheCasesAndIsReported) {
  EXPECT_EQ(run("exactbn list cases >a; exactbn list cases --seed 20150211 |"
                "cmp a -")
                .status,
            0);
  EXPECT_EQ(run("exactbn list cases --seed 1 | cmp -s a -").status, 1);
  EXPECT_THAT(
      run("exactbn validate double --seed 1 --filter WorkedExample").out,
      StartsWith("double   suite core   seed 1   required: "));
}

TEST_F(RoundTrip, ListsHaveTheNamesThatOtherVerbsAccept) {
  EXPECT_THAT(run("exactbn list subjects").out, StartsWith("double "));
  EXPECT_THAT(run("exactbn list suites").out, StartsWith("core "));
  const std::string label = run("exactbn list labels | head -n 1").out;
  const std::string name = label.substr(0, label.find(' '));
  EXPECT_THAT(run("exactbn list cases --filter " + name).out, HasSubstr(name));
}

}  // namespace
}  // namespace exactbn::round_trip_test
