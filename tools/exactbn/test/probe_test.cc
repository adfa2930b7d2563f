// SPDX-License-Identifier: Apache-2.0
// The verb probe.
#include <gmock/gmock.h>

#include <sstream>

#include "tools/exactbn/report/card.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn::probe_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, line.size());
  }
  return longest;
}

Card small_card() {
  Card card;
  card.subject = "kernel\x1b[2J 1.2";
  card.lines = {
      {"momentum_side", "weight of the new", "1 - momentum", "momentum", false,
       "weights 0.25 and 0.75"},
      {"var", "var is", "biased", "biased", true, "var is 4"},
      {"a", "sums are in", std::string(kCannotTell), "", true, "no mean"},
      {"b", "invstd is", std::string(kNotOffered), "", true, "not given"}};
  return card;
}

TEST(CardText, MarksWhatDisagreesAndSaysWhy) {
  EXPECT_EQ(card_text(small_card(), false),
            "kernel?[2J 1.2   conventions found by experiment\n"
            "\n"
            "! weight of the new  1 - momentum\n"
            "      declared  momentum\n"
            "      evidence  weights 0.25 and 0.75\n"
            "  var is             biased\n"
            "  sums are in        cannot be told\n"
            "      evidence  no mean\n"
            "  invstd is          not offered\n"
            "\n"
            "4 lines, 1 disagrees with the declaration, 1 cannot be told, 1 "
            "not offered\n");
  EXPECT_THAT(card_text(small_card(), true),
              HasSubstr("biased\n      evidence  var is 4\n"));
}

TEST(CardText, LongTextsBreakAtBlanks) {
  Card card = small_card();
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word" + std::to_string(i) + ' ';
  card.lines[0].found = words;
  card.lines[0].evidence = std::string(300, 'x') + " and " + words;
  card.lines[1].found = std::string(300, 'y');
  const std::string text = card_text(card, false);
  EXPECT_LE(longest_line(text), 100U);
  for (const char* word : {" word0 ", " word30", " word59"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
}

TEST(CardExit, BreakingIsWorseThanDisagreeing) {
  Card card = small_card();
  EXPECT_EQ(exit_code(card), 1);
  card.broke = 1;
  EXPECT_EQ(exit_code(card), 3);
  card.broke = 0;
  card.lines.erase(card.lines.begin());
  EXPECT_EQ(exit_code(card), 0);
  EXPECT_EQ(to_string(count(card)),
            "3 lines, none disagrees with the declaration, 1 cannot be told, 1 "
            "not offered");
}

class ProbeCommand : public ProgramTest {};

TEST_F(ProbeCommand, PrintsTheCardOfABuiltIn) {
  const ProgramRun outcome = run("exactbn probe double");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(first_line(outcome.out), StartsWith("double   "));
  EXPECT_THAT(outcome.out, Not(HasSubstr("evidence")));
  EXPECT_THAT(outcome.out, HasSubstr("\n  epsilon is "));
  EXPECT_THAT(last_line(outcome.out),
              HasSubstr(" none disagrees with the declaration, 0 cannot"));
  EXPECT_LE(longest_line(outcome.out), 100U);
}

TEST_F(ProbeCommand, ExitsWithOneIfTheDeclarationIsWrong) {
  write("wrong.py", wrong_example());
  const ProgramRun outcome =
      run("exactbn probe --exec 'python3 wrong.py' --evidence --json r.json");
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\n! epsilon is "));
  EXPECT_THAT(outcome.out,
              HasSubstr(" outside the root\n      declared  inside"));
  EXPECT_LE(longest_line(outcome.out), 100U);
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["schema"], "exactbn/probe/1");
  EXPECT_EQ(report["environment"]["exactbn"], EXACTBN_VERSION);
  EXPECT_EQ(report["summary"]["lines"], report["lines"].size());
  bool seen = false;
  for (const json& line : report["lines"]) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : line.items()) keys.push_back(key);
    ASSERT_THAT(keys, ElementsAre("agrees", "declared", "evidence", "found",
                                  "id", "title"));
    if (line["id"] != "epsilon_place") continue;
    seen = true;
    EXPECT_EQ(line["found"], "outside the root");
    EXPECT_EQ(line["declared"], "inside the root");
    EXPECT_EQ(line["agrees"], false);
  }
  EXPECT_TRUE(seen);
}

TEST_F(ProbeCommand, TheExampleAgreesWithItsDeclaration) {
  write("example.py", example());
  const ProgramRun outcome = run("exactbn probe --exec 'python3 example.py'");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
}

TEST_F(ProbeCommand, ACrashExitsWithThreeAndKeepsTheOtherLines) {
  std::string script = example();
  const std::string loop = "for line in sys.stdin:";
  const std::size_t at = script.find(loop);
  ASSERT_NE(at, std::string::npos);
  // Crashes on every case that contains a quiet NaN in f32.
  script.insert(at + loop.size(),
                "\n    if '7fc00000' in line: sys.exit('no NaN, please')");
  write("fragile.py", script);
  const ProgramRun outcome = run("exactbn probe --exec 'python3 fragile.py'");
  EXPECT_EQ(outcome.status, 3) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("exited with status 1 on case probe-"));
  EXPECT_THAT(outcome.out, HasSubstr("\n  epsilon is                          "
                                     "inside the root\n"));
}

TEST_F(ProbeCommand, BadUsageIsOneLine) {
  for (const char* command :
       {"exactbn probe", "exactbn probe nobody", "exactbn probe ./none.so",
        "exactbn probe double --exec true", "exactbn probe double --json /x/y",
        "exactbn probe double --time-limit 0"}) {
    const ProgramRun outcome = run(command);
    EXPECT_EQ(outcome.status, 2) << command;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_THAT(outcome.err,
                AllOf(StartsWith("exactbn: "), testing::EndsWith("\n")))
        << command;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << command;
  }
}

}  // namespace
}  // namespace exactbn::probe_test
