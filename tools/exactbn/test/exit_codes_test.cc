// SPDX-License-Identifier: Apache-2.0
// The exit codes of the program.
#include <gmock/gmock.h>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::exit_codes_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kDeclare = R"(echo '{"subject":"s"}'; )";

// A subject in /bin/sh that answers the cases one and two, and runs `otherwise`
// on any other.
std::string shell_subject(const std::string& otherwise) {
  const auto say = [](const std::string& id) {
    std::string line = small_answer(id);
    line.pop_back();
    return "*'\"case\":\"" + id + "\"'*) echo '" + line + "' ;;\n";
  };
  return kDeclare + std::string("\nwhile read -r line; do case $line in\n") +
         say("one") + say("two") + "*) " + otherwise + " ;;\nesac; done\n";
}

class ExitCode : public ProgramTest {
 protected:
  ExitCode() {
    write("cases",
          small_case("one") + small_case("wicked") + small_case("two"));
  }

  ProgramRun validate(const std::string& script,
                      const std::string& flags = "") const {
    write("subject", script);
    return run("exactbn validate --exec 'exec sh subject' --cases cases " +
               flags);
  }
};

TEST_F(ExitCode, ZeroIfAllPassed) {
  const ProgramRun outcome = run("exactbn validate double --dtype f32");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(
      last_line(outcome.out),
      HasSubstr(
          " 0 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported\n"));
}

TEST_F(ExitCode, OneIfAValueIsWrong) {
  std::string wrong = small_answer("wicked");
  wrong.replace(wrong.find("3e800000"), 8, "3e900000");
  wrong.pop_back();
  const ProgramRun outcome = validate(shell_subject("echo '" + wrong + "'"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("\nFAIL forward_training f32  wicked\n"
                                     "  where  var[0]   "));
  EXPECT_EQ(last_line(outcome.out),
            "3 run, 2 passed, 1 failed, 0 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
}

TEST_F(ExitCode, OneIfTheSubjectRefusesWhatItMustAnswer) {
  for (const std::string kind : {"error", "rejected"}) {
    const ProgramRun outcome = validate(shell_subject(
        R"(echo '{"case":"wicked",")" + kind + R"(":"no mood"}')"));
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.out, HasSubstr("\n  what   " + kind + ": no mood\n"));
  }
}

struct Breach {
  std::string name;
  std::string act;
  std::string what;
  std::string limit = "60";  // seconds
};

void PrintTo(const Breach& breach, std::ostream* out) { *out << breach.name; }

class Break : public ExitCode, public testing::WithParamInterface<Breach> {};

TEST_P(Break, CostsOneCaseAndExitsWithThree) {
  const ProgramRun outcome =
      validate(shell_subject(GetParam().act),
               "--json r.json --junit r.xml --time-limit " + GetParam().limit);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, HasSubstr("\nFAIL forward_training f32  wicked\n"
                                     "  what   'exec sh subject' " +
                                     GetParam().what));
  EXPECT_EQ(last_line(outcome.out),
            "3 run, 2 passed, 1 failed, 0 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
  EXPECT_EQ(files(),
            (std::set<std::string>{"cases", "r.json", "r.xml", "subject"}));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Break,
    testing::Values(
        Breach{"Exit", "exit 7", "exited with status 7 on case wicked\n"},
        Breach{"Signal", "kill -ABRT $$",
               "died by signal 6 (Aborted) on case wicked\n"},
        Breach{"Hang", "sleep 9",
               "gave no answer to case wicked within 1 s and was stopped\n",
               "1"},
        Breach{"Nonsense", "echo hello",
               "answered case wicked with a line that does not follow the wire "
               "format:\n         not JSON at byte 1: \"hello\"\n"},
        Breach{"OtherCase", R"(echo '{"case":"one","error":"e"}')",
               "answered case one instead of wicked\n"}),
    [](const auto& row) { return row.param.name; });

class BadStart : public ExitCode, public testing::WithParamInterface<Breach> {};

TEST_P(BadStart, ExitsWithThreeAndOneLine) {
  const ProgramRun outcome = run(
      "exactbn validate --time-limit 1 --json r.json --exec " + GetParam().act);
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "exactbn: " + GetParam().what + "\n");
  EXPECT_EQ(files(), std::set<std::string>{"cases"});
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadStart,
    testing::Values(
        Breach{"Exit", "'exit 1'",
               "'exit 1' exited with status 1 before its declaration"},
        Breach{"Hang", "'exec sleep 9'",
               "'exec sleep 9' gave no declaration within 1 s and was "
               "stopped",
               "1"},
        Breach{"Nonsense", "'echo hello'",
               "'echo hello' declared itself with a line that does not follow "
               "the wire format: not JSON at byte 1: \"hello\""},
        Breach{"Nothing", "true",
               "'true' exited with status 0 before its declaration"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ExitCode, ThreeIfItBreaksOnEveryCaseAndItIsNotAskedForever) {
  std::string cases;
  for (const char id : std::string("cdefg")) cases += small_case({id});
  write("cases", cases);
  const ProgramRun outcome =
      validate(std::string("echo started >&2; ") + shell_subject("exit 1"));
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.err, "started\nstarted\nstarted\n");
  EXPECT_THAT(outcome.out, HasSubstr("FAIL forward_training f32  g\n"
                                     "  what   not asked: the subject broke "
                                     "too often\n"));
  EXPECT_EQ(last_line(outcome.out),
            "5 run, 0 passed, 5 failed, 0 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
}

TEST_F(ExitCode, ThreeIfAPluginCrashesAndTheOtherCasesAreJudged) {
  write("cases", small_case("crash") + small_case("status"));
  const ProgramRun outcome = run("exactbn validate " EXACTBN_BUILD
                                 "/oracles/scripted_plugin.so --cases cases");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, HasSubstr("died by signal 6"));
  EXPECT_THAT(outcome.out, HasSubstr("error: no such status: 9\n"));
}

TEST_F(ExitCode, FourIfAnOutputIsMissing) {
  std::string partial = small_answer("wicked");
  const std::size_t at = partial.find("\"y\":");
  partial.erase(at, partial.find("\"running_var\"") - at);
  partial.pop_back();
  const ProgramRun outcome = validate(shell_subject("echo '" + partial + "'"));
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.out, HasSubstr("\nmissing    wicked: no y\n"));
  EXPECT_EQ(last_line(outcome.out),
            "3 run, 2 passed, 0 failed, 1 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
}

// A defect that shows only where squares overflow.
TEST_F(ExitCode, ZeroIfAllThatIsWrongIsBeyondTheDomain) {
  const std::string command =
      "exactbn validate defect:squares_leave_range --dtype f32 "
      "--filter IntermediateOverflow --junit r.xml --domain ";
  const ProgramRun ordinary = run(command + "ordinary");
  EXPECT_EQ(ordinary.status, 0);
  EXPECT_THAT(ordinary.out,
              HasSubstr("y (30 values): the sum of x^2 overflows f32\n"));
  EXPECT_THAT(last_line(ordinary.out), HasSubstr(" 0 failed, "));
  EXPECT_THAT(last_line(ordinary.out), HasSubstr(" 2 beyond, "));
  EXPECT_THAT(read("r.xml"), HasSubstr("<skipped message=\"beyond: "));
  const ProgramRun all = run(command + "all");
  EXPECT_EQ(all.status, 1);
  EXPECT_THAT(last_line(all.out), HasSubstr(" 2 failed, "));
  EXPECT_THAT(all.out, HasSubstr(" --domain all --filter "));
}

TEST_F(ExitCode, TwoIfADeclarationIsRefused) {
  const auto refused = [this](const std::string& flags) {
    const ProgramRun outcome = run("exactbn validate double " + flags);
    EXPECT_EQ(outcome.status, 2) << flags;
    EXPECT_EQ(outcome.out, "") << flags;
    return outcome.err;
  };
  EXPECT_EQ(
      refused("--domain every"),
      "exactbn: --domain: domain: \"every\" is not one of ordinary, all\n");
  EXPECT_EQ(refused("--declare subnormals=lost"),
            "exactbn: --declare: subnormals: \"lost\" is not one of keep, "
            "flush\n");
  EXPECT_THAT(refused("--declare colour=red"), HasSubstr("colour"));
  EXPECT_EQ(refused("--declare subnormals"),
            "exactbn: --declare: expected KEY=VALUE, not 'subnormals'\n");
  EXPECT_EQ(refused("--declare dtypes=f32"),
            "exactbn: --declare: dtypes is for the subject to say\n");
  EXPECT_EQ(refused("--declare domain=all --domain ordinary"),
            "exactbn: --domain: domain is already declared as all\n");
  EXPECT_EQ(refused("--declare domain=all --domain every"),
            "exactbn: --domain: domain: \"every\" is not one of ordinary, "
            "all\n");
  EXPECT_THAT(refused("--convention torch"),
              StartsWith("exactbn: --convention: unknown convention 'torch'; "
                         "expected pytorch, "));
  EXPECT_EQ(refused("--convention keras --declare running_variance=unbiased"),
            "exactbn: --convention: running_variance is already declared as "
            "unbiased\n");
}

TEST_F(ExitCode, DeclaredOnTheCommandLineInsteadOfByTheSubject) {
  const std::string command =
      "exactbn validate double --filter MomentumEighth --dtype f32 --declare "
      "running_variance=biased";
  EXPECT_EQ(run(command).status, 1);
}

TEST_F(ExitCode, FourIfACaseHasNoAnswer) {
  write("answers", small_answer("one") + small_answer("two"));
  const ProgramRun outcome = run("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.out, HasSubstr("\nmissing    wicked: no answer\n"));
  EXPECT_EQ(run("exactbn check cases answers --filter one").status, 0);
}

TEST_F(ExitCode, TwoIfNothingWasAsked) {
  const ProgramRun outcome =
      validate(R"(echo '{"subject":"s","dtypes":["f16"]}')"
               "\nread -r line\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "exactbn: nothing was asked: s supports no case\n");
  EXPECT_THAT(last_line(outcome.out), StartsWith("0 run, 0 passed, "));
  EXPECT_THAT(last_line(outcome.out), HasSubstr(", 3 unsupported\n"));
}

TEST_F(ExitCode, OneIfSomeFailAndOthersAreMissing) {
  write("answers", R"({"case":"wicked","error":"e"})");
  const ProgramRun outcome = run("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(last_line(outcome.out), StartsWith("3 run, 0 passed, 1 failed, "
                                                 "2 missing, "));
}

}  // namespace
}  // namespace exactbn::exit_codes_test
