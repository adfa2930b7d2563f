// SPDX-License-Identifier: Apache-2.0
// The example subject passes; with epsilon outside the square root it fails,
// and the report says why.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::example_test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Example : public ProgramTest {
 protected:
  Example() {
    write("example.py", example());
    write("wrong.py", wrong_example());
  }
};

TEST_F(Example, Passes) {
  const ProgramRun outcome =
      run("exactbn validate --exec 'python3 example.py'");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(first_line(outcome.out), StartsWith("example.py   suite core "));
}

// This text is the first that a user sees of a defect: change it with care.
TEST_F(Example, FailureTextIsApproved) {
  const ProgramRun outcome = run(
      "exactbn validate --exec 'python3 wrong.py' --filter fwd-f32-70b1ae8d");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            R"(example.py   suite core   seed 20150211   required: sequential

operation                dtype  run passed failed correct worst ulp worst eta  grade
forward_training         f32      1      0      1   57.1%       168  2.24e+10  unstable

FAIL forward_training f32  fwd-f32-70b1ae8d  [WorkedExample, TwoValues]
  where  y[0,0]   shape 2x1  channel axis 1   eps 0x1.4f8b58p-17
  got    -0x1.fffd6p-1   bf7ffeb0   -0.999979973
  want   -0x1.fffebp-1   bf7fff58   -0.999989986   correctly rounded
  error  +168 ulp   eta 1.29e+10   limit 10.8 (sequential, m = 2)
  first  invstd is already wrong: -84.1 ulp
  scope  2 of 2 values of channel 0
  looks like  one of 3 known defects that agree here
         epsilon_outside_root or epsilon_twice or root_missing, bit for bit
  again  exactbn validate --exec 'python3 wrong.py' --filter fwd-f32-70b1ae8d

diagnosis  1 of 1 wrong: one of 3 known defects that agree here
           epsilon_outside_root or epsilon_twice or root_missing, bit for bit

1 run, 0 passed, 1 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported
)");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The lines of a failure, by their first word.
void expect_well_formed(const std::vector<std::string>& failure) {
  const std::vector<std::pair<std::string, std::string>> order = {
      {"FAIL", "FAIL [a-z_]+ f32  [a-z]+-f32-[0-9a-f]{8}.*"},
      {"where", R"(  where  [a-z_]+\[[0-9,]+\]   shape [0-9x]+  channel axis )"
                R"([0-9]   eps .*)"},
      {"got", R"(  got    (-?0x[01][.0-9a-f]*p[+-][0-9]+|-?inf|nan) +)"
              R"([0-9a-f]+   (-?[0-9.]+(e[+-][0-9]+)?|-?inf|nan))"},
      {"want", R"(  want   .*)"},
      {"error", R"(  error  ([+-][0-9.]+(e\+[0-9]+)? ulp   eta .*   limit .*)"
                R"(\(sequential, m = [0-9]+\)|not the same kind of value))"},
      {"scope", R"(  scope  [0-9]+ of [0-9]+ values of channels? [0-9].*)"},
      {"looks like", "  looks like  sqrt\\(var\\) \\+ epsilon"},
      {"", "         epsilon_outside_root, bit for bit"},
      {"again", "  again  exactbn validate --exec 'python3 wrong.py' .*"}};
  auto line = failure.begin();
  for (const auto& [key, pattern] : order) {
    if (key == "scope" && line != failure.end()) {
      line += line->starts_with("  first  ") ? 1 : 0;
    }
    if (key == "looks like" && line != failure.end()) {
      line += line->starts_with("         ") ? 1 : 0;  // the pattern
    }
    ASSERT_NE(line, failure.end()) << "no " << key;
    EXPECT_THAT(*line, testing::ContainsRegex("^" + pattern + "$"));
    if (key != "again") {
      EXPECT_LE(line->size(), 100u) << *line;
    }
    ++line;
  }
  EXPECT_EQ(line, failure.end());
}

TEST_F(Example, EveryFailureIsWellFormed) {
  const ProgramRun outcome =
      run("exactbn validate --exec 'python3 wrong.py' --errors 1000 --once");
  EXPECT_EQ(outcome.status, 1);
  const std::vector<std::string> lines = lines_of(outcome.out);
  int failures = 0;
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    if (!line->starts_with("FAIL ")) continue;
    const auto end = std::find(line, lines.end(), "");
    SCOPED_TRACE(*line);
    expect_well_formed({line, end});
    ++failures;
  }
  EXPECT_GT(failures, 50);
  EXPECT_THAT(lines.back(), HasSubstr(fmt::format(" {} failed, ", failures)));
}

// The commands that failures print reproduce them.
TEST_F(Example, AgainFailsAgain) {
  const std::string script = "it's wrong.py";
  write(script, wrong_example());
  write("my cases", run("exactbn list cases --wire --filter fwd-f32-70b1ae8d;"
                        "exactbn list cases --wire --filter bwd-f32-4700ee59")
                        .out);
  write("odd cases", small_case("it's odd; $(exit 9)") + small_case("b"));
  const std::vector<std::string> commands = {
      "exactbn validate --exec 'python3 wrong.py' --cases 'odd cases' "
      "--filter odd",
      R"(exactbn validate --exec "python3 \"it's wrong.py\"")"
      " --filter fwd-f32-70b1ae8d --require correct",
      R"(exactbn validate --exec "python3 \"it's wrong.py\"")"
      " --cases 'my cases' --errors 1",
      R"(exactbn validate --exec 'python3 wrong.py' --seed 7 --dtype f32 )"
      R"(--filter TwoValues --errors 1)",
      "python3 wrong.py <'my cases' "
      ">answers; exactbn check 'my cases' answers --errors 1"};
  for (const std::string& command : commands) {
    SCOPED_TRACE(command);
    const ProgramRun first = run(command);
    EXPECT_EQ(first.status, 1);
    const std::size_t fail = first.out.find("FAIL ");
    ASSERT_NE(fail, std::string::npos) << first.out << first.err;
    const std::string text =
        first.out.substr(fail, first.out.find("\n\n", fail) - fail);
    const std::string again = text.substr(text.find("  again  ") + 9);
    const ProgramRun second = run(again);
    EXPECT_EQ(second.status, 1) << second.err;
    // One case alone may leave more causes open than all of them.
    const std::string values = text.substr(0, text.find("  looks like  "));
    EXPECT_THAT(second.out, HasSubstr(values));
    EXPECT_THAT(second.out, HasSubstr("epsilon_outside_root"));
    EXPECT_THAT(last_line(second.out), StartsWith("1 run, "));
  }
}

}  // namespace
}  // namespace exactbn::example_test
