// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::challenge_program_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// Small enough for a test.
constexpr const char* kFew = " --cases 3 --large 8192 --dtype f32 ";

class ChallengeProgram : public ProgramTest {
 protected:
  ProgramRun challenge(const std::string& arguments) const {
    return run("exactbn challenge " + arguments + kFew);
  }
  static std::vector<std::string> keys(const json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
  }
};

TEST_F(ChallengeProgram, ASoundKernelGetsFullMarks) {
  const ProgramRun outcome =
      challenge("double --operation forward_training,backward_training");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(first_line(outcome.out),
              MatchesRegex("COMMITTED  sha256 [0-9a-f]{64}"));
  EXPECT_THAT(outcome.out, HasSubstr("\nforward_training         f32      "
                                     "1.0000"));
  EXPECT_THAT(last_line(outcome.out),
              MatchesRegex("score 1.0000, full marks: ([0-9]+) of [0-9]+ "
                           "questions passed\n"));
}

// The line that reveals the seed is what sha256sum takes.
TEST_F(ChallengeProgram, TheCommitmentIsChecked) {
  const ProgramRun outcome = run(
      "exactbn challenge double --operation forward_inference --family "
      "everyday --dtype f32 >out; sed -n 's/.*sha256 of \"\\(.*\\)\"/\\1/p' "
      "out | tr -d '\\n' | sha256sum | cut -c1-64; head -1 out");
  const std::string digest = first_line(outcome.out);
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(last_line(outcome.out), "COMMITTED  sha256 " + digest + "\n");
}

TEST_F(ChallengeProgram, JsonHasTheFieldsOfItsSchema) {
  const ProgramRun outcome =
      challenge("hack:zeros --seed 3 --errors 1 --json r.json");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("\nNO CREDIT  everyday of forward_training f32: "
                              "3 failed of 3 questions\n  first    question "),
                    HasSubstr("\n... and "),
                    HasSubstr("\nREVEALED  the commitment is the sha256 of "
                              "\"exactbn challenge 1 " EXACTBN_VERSION " 3 "),
                    HasSubstr("\nscore 0.0"), HasSubstr("not full marks")));
  const json report = json::parse(read("r.json"));
  EXPECT_THAT(
      keys(report),
      UnorderedElementsAre("schema", "subject", "commitment", "seed", "nonce",
                           "settings", "environment", "score", "full_marks",
                           "verdict", "disqualified", "asked", "passed",
                           "papers", "at_exit", "not_offered", "declaration"));
  EXPECT_EQ(report["schema"], "exactbn/challenge/1");
  EXPECT_EQ(report["subject"], "hack:zeros");
  EXPECT_EQ(report["seed"], "3");
  EXPECT_EQ(report["full_marks"], false);
  EXPECT_EQ(report["verdict"], "not full marks");
  EXPECT_EQ(report["disqualified"], nullptr);
  EXPECT_THAT(keys(report["settings"]),
              UnorderedElementsAre("operations", "dtypes", "families", "cases",
                                   "large", "ranks", "parameters", "required"));
  ASSERT_EQ(report["papers"].size(), 2u);
  for (const json& paper : report["papers"]) {
    EXPECT_THAT(keys(paper),
                UnorderedElementsAre("operation", "dtype", "declared", "score",
                                     "biased_roundings", "families"));
    for (const json& family : paper["families"]) {
      EXPECT_THAT(keys(family),
                  UnorderedElementsAre("family", "weight", "asked", "verdicts",
                                       "full", "first"));
    }
  }
}

TEST_F(ChallengeProgram, ATranscriptIsVerified) {
  ASSERT_EQ(
      challenge("double --transcript t --operation forward_training").status,
      0);
  ProgramRun outcome = run("exactbn challenge --verify t --json v.json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(StartsWith("t: verified: the questions are those of seed "),
                    HasSubstr(" are only claimed"),
                    HasSubstr("double: score 1.0000, full marks\n")));
  EXPECT_THAT(
      keys(json::parse(read("v.json"))),
      UnorderedElementsAre("schema", "file", "subject", "verified", "wrong",
                           "commitment", "seed", "judged_again", "asked_again",
                           "claimed", "score", "full_marks"));
  outcome = run("exactbn challenge --verify t double");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr(" asked again"), Not(HasSubstr("only claimed"))));
  // Another subject answers otherwise.
  outcome = run("exactbn challenge --verify t hack:zeros");
  EXPECT_EQ(outcome.status, 1);
  outcome = run(
      "sed -i '9s/\"inputs\":\"...../\"inputs\":\"00000/' t; exactbn challenge "
      "--verify t");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out,
            "t: NOT VERIFIED: line 9: inputs is not that of the seed's "
            "question\n");
}

// A plugin runs in a process, in whose memory tensors move.
TEST_F(ChallengeProgram, APluginThatMemoisesByAddressIsCaught) {
  const std::string plugin = EXACTBN_BUILD "/tools/exactbn/memoising_plugin.so";
  const ProgramRun sound = challenge(plugin + " --seed 1");
  EXPECT_EQ(sound.status, 0) << sound.out << sound.err;
  for (const char* seed : {"1", "2", "3"}) {
    const ProgramRun caught = run("MEMOISES=1 exactbn challenge " + plugin +
                                  " --seed " + seed + kFew);
    EXPECT_EQ(caught.status, 1) << caught.out << caught.err;
    EXPECT_THAT(caught.out, HasSubstr("\nDISQUALIFIED  questions "));
    EXPECT_THAT(last_line(caught.out),
                StartsWith("score 0.0000, disqualified: "));
  }
}

TEST_F(ChallengeProgram, AProcessThatDiesGetsNoCredit) {
  const ProgramRun outcome = challenge(
      "--exec 'echo \"{\\\"subject\\\":\\\"s\\\",\\\"operations\\\":["
      "\\\"forward_inference\\\"]}\"; read x; exit 7' --family everyday");
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("exited with status 7"), HasSubstr("score 0.")));
}

TEST_F(ChallengeProgram, TheExampleGetsFullMarks) {
  write("right.py", example());
  write("wrong.py", wrong_example());
  EXPECT_EQ(challenge("--exec 'python3 right.py' --operation forward_training")
                .status,
            0);
  EXPECT_EQ(challenge("--exec 'python3 wrong.py' --operation forward_training")
                .status,
            1);
}

TEST_F(ChallengeProgram, WhatIsAskedOfASubjectThatDoesNotDeclareIt) {
  const ProgramRun outcome =
      challenge("hack:training_for_inference --operation jvp_training");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("jvp_training             f32      0.0000 "
                                     "  0/0           not declared, "));
}

TEST_F(ChallengeProgram, ListsItsFamiliesAndHacks) {
  EXPECT_THAT(run("exactbn list families").out,
              HasSubstr("memory       weight 3  nearly the same again"));
  EXPECT_THAT(run("exactbn list hacks").out,
              HasSubstr("memoised_by_pointer                    memory"));
}

TEST_F(ChallengeProgram, BadUsageIsNamed) {
  write("t", "x\n");
  const std::pair<std::string, std::string> all[] = {
      {"", "challenge: give a SUBJECT, or --exec 'COMMAND'"},
      {"none", "unknown subject 'none'"},
      {"hack:none", "unknown hack 'none'; see `exactbn list hacks`"},
      {"double --seed -1", "--seed: '-1' is not an integer in [0, "},
      {"double --seed x", "--seed: 'x' is not an integer in [0, "},
      {"double --cases 0", "--cases: "},
      {"double --large 5", "--large: "},
      {"double --rank 6", "--rank: '6' is not an integer in [2, 5]"},
      {"double --rank 4,x", "--rank: 'x' is not an integer in [2, 5]"},
      {"double --dtype f33", "unknown format 'f33'; expected f64"},
      {"double --operation forward",
       "--operation: unknown operation 'forward'; expected forward_training"},
      {"double --family none",
       "--family: unknown family 'none'; expected everyday, sizes"},
      {"double --parameters f16", "--parameters: expected f32 or same, not "},
      {"double --require sloppy", "--require: unknown grade 'sloppy'"},
      {"double --json j --transcript j", "j: cannot be written twice"},
      {"double --transcript none/t", "none/t: cannot be written: "},
      {"hack:zeros --family gradients --operation forward_training",
       "nothing to ask: no family has questions"},
      {"--verify none", "none: No such file or directory"},
      {"--verify t", "t: line 1: not a line of a transcript"},
      {"--verify t --seed 1", "--seed excludes --verify"},
      {"--verify t --json t", "t: cannot be written: this command reads it"},
  };
  for (const auto& [arguments, message] : all) {
    const ProgramRun outcome = run("exactbn challenge " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("exactbn: ")) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr(message)) << arguments;
    EXPECT_THAT(first_line(outcome.err) + "\n", outcome.err) << arguments;
    EXPECT_EQ(files(), std::set<std::string>{"t"}) << arguments;
  }
}

}  // namespace
}  // namespace exactbn::challenge_program_test
