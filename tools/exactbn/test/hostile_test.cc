// SPDX-License-Identifier: Apache-2.0
// Plugins that misbehave on one of three cases. Each must cost that case and
// nothing else.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>

#include "reference/testing/trials.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn {
namespace {

using testing::HasSubstr;

struct Misdeed {
  std::string mode;  // of testdata/hostile_plugin.cc
  int status = 0;    // the exit code
  std::string what =
      {};  // in the report, or on standard error if it is harmless
  std::string limit = "20";  // seconds
};

void PrintTo(const Misdeed& misdeed, std::ostream* out) {
  *out << misdeed.mode;
}

std::string test_name(const testing::TestParamInfo<Misdeed>& row) {
  std::string name = row.param.mode;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

class HostilePlugin : public ProgramTest,
                      public testing::WithParamInterface<Misdeed> {
 protected:
  HostilePlugin() {
    write("cases",
          small_case("one") + small_case("wicked") + small_case("two"));
  }
  ProgramRun validate() const {
    // Signals are for the system in sanitized builds, too.
    return run(
        "export ASAN_OPTIONS=\"$ASAN_OPTIONS:handle_segv=0:handle_sigbus=0:"
        "handle_sigfpe=0:handle_sigill=0\"; HOSTILE='" +
        GetParam().mode +
        "' timeout 60 " EXACTBN_BUILD "/bin/exactbn validate " +
        EXACTBN_BUILD "/tools/exactbn/hostile_plugin.so --cases cases" +
        " --once --time-limit " + GetParam().limit);
  }
  // What sanitizers find in the plugin, or cannot do after it.
  bool is_for_sanitizers() const {
    const std::set<std::string> modes = {"free x", "free y", "return 9",
                                         "limit files"};
    return kSanitized && modes.contains(GetParam().mode);
  }
  static std::string summary(int passed) {
    return "3 run, " + std::to_string(passed) + " passed, " +
           std::to_string(3 - passed) +
           " failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported\n";
  }
};

class Harmful : public HostilePlugin {};

TEST_P(Harmful, CostsItsOwnCase) {
  if (is_for_sanitizers()) GTEST_SKIP() << "a sanitizer ends the plugin";
  const ProgramRun outcome = validate();
  EXPECT_EQ(outcome.status, GetParam().status) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nFAIL forward_training f32  wicked"));
  // The report breaks long lines.
  std::string out = outcome.out;
  for (std::size_t at; (at = out.find("\n         ")) != std::string::npos;) {
    out.replace(at, 10, " ");
  }
  EXPECT_THAT(out, HasSubstr(GetParam().what));
  EXPECT_EQ(last_line(outcome.out), summary(2));
}

std::vector<Misdeed> next_to_tensors() {
  std::vector<Misdeed> all;
  for (const std::string name :
       {"x", "gamma", "y", "mean", "var", "invstd", "running_var"}) {
    all.push_back({"past " + name, 3,
                   "wrote 4 bytes, 0 bytes past the end of " + name +
                       ", in case wicked"});
    all.push_back({"before " + name, 3,
                   "wrote 4 bytes, 4 bytes before the start of " + name +
                       ", in case wicked"});
    all.push_back({"far past " + name, 3,
                   "wrote 4 bytes, 800 bytes past the end of " + name +
                       ", in case wicked"});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(NextToTensors, Harmful,
                         testing::ValuesIn(next_to_tensors()), test_name);

INSTANTIATE_TEST_SUITE_P(
    Signals, Harmful,
    testing::Values(
        Misdeed{"signal 1", 3, "died by signal 1 (Hangup)"},
        Misdeed{"signal 2", 3, "died by signal 2 (Interrupt)"},
        Misdeed{"signal 3", 3, "died by signal 3 (Quit)"},
        Misdeed{"signal 4", 3, "died by signal 4 (Illegal instruction)"},
        Misdeed{"signal 5", 3, "died by signal 5"},
        Misdeed{"signal 6", 3, "died by signal 6 (Aborted)"},
        Misdeed{"signal 7", 3, "died by signal 7 (Bus error)"},
        Misdeed{"signal 8", 3, "died by signal 8"},
        Misdeed{"signal 9", 3, "died by signal 9 (Killed)"},
        Misdeed{"signal 10", 3, "died by signal 10"},
        Misdeed{"signal 11", 3, "died by signal 11 (Segmentation fault)"},
        Misdeed{"signal 12", 3, "died by signal 12"},
        Misdeed{"signal 13", 3, "died by signal 13 (Broken pipe)"},
        Misdeed{"signal 14", 3, "died by signal 14 (Alarm clock)"},
        Misdeed{"signal 15", 3, "died by signal 15 (Terminated)"},
        Misdeed{"signal 19", 3, "gave no answer to case wicked within 1 s",
                "1"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Ends, Harmful,
    testing::Values(
        Misdeed{"crash", 3, "died by signal 11 (Segmentation fault)"},
        Misdeed{"overflow the stack", 3, "died by signal 11"},
        Misdeed{"throw an int", 3, "died by signal 6 (Aborted)"},
        Misdeed{"abort", 3, "died by signal 6 (Aborted)"},
        Misdeed{"terminate", 3, "died by signal 6 (Aborted)"},
        Misdeed{"exit 0", 3, "exited with status 0 on case wicked"},
        Misdeed{"exit 7", 3, "exited with status 7 on case wicked"},
        Misdeed{"_exit 7", 3, "exited with status 7 on case wicked"},
        Misdeed{"quick_exit 7", 3, "exited with status 7 on case wicked"},
        Misdeed{"hang", 3, "gave no answer to case wicked within 1 s", "1"},
        Misdeed{"spin", 3, "gave no answer to case wicked within 1 s", "1"},
        Misdeed{"end the thread", 3, "wicked", "1"},
        Misdeed{"jump", 3, "wicked", "1"},
        Misdeed{"free x", 3, "died by signal"},
        Misdeed{"free y", 3, "died by signal"},
        Misdeed{"close all descriptors", 3, "exited with status 1"},
        Misdeed{"write to every descriptor", 3,
                "answered case wicked with a line that does not follow the "
                "wire format"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Answers, Harmful,
    testing::Values(
        Misdeed{"mutate x", 1, "it wrote to its input x: x[1] was"},
        Misdeed{"mutate gamma", 1, "it wrote to its input gamma: gamma[0]"},
        Misdeed{"write nothing", 1, "got    nan"},
        Misdeed{"write NaN", 1, "got    nan"},
        Misdeed{"return 9", 1, "no such status: 9"},
        Misdeed{"say rubbish", 1, "error: ?[2J\ufffd?{\"case\""},
        Misdeed{"throw an exception", 1, "error: thrown by the plugin"}),
    test_name);

class Harmless : public HostilePlugin {};

TEST_P(Harmless, CostsNothing) {
  if (is_for_sanitizers()) GTEST_SKIP() << "a sanitizer ends the plugin";
  const ProgramRun outcome = validate();
  EXPECT_EQ(outcome.status, GetParam().status) << outcome.out << outcome.err;
  EXPECT_EQ(last_line(outcome.out), summary(3));
  if (GetParam().what.empty()) {
    EXPECT_EQ(outcome.err, "");
  } else {
    // No matcher: some print megabytes.
    EXPECT_NE(outcome.err.find(GetParam().what), std::string::npos)
        << outcome.err.substr(0, 2000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Harmless,
    testing::Values(
        Misdeed{"mutate the id"}, Misdeed{"mutate the shape"},
        Misdeed{"print", 0,
                "hostile: ?[31mprinted?\nhostile: streamed\ufffd\n"
                "hostile: written\n"},
        Misdeed{"print an answer", 0,
                "hostile: {\"case\":\"wicked\",\"error\":\"no\"}\n"},
        Misdeed{"print a lot", 0, "\nhostile: line 99999\n"},
        Misdeed{"print at start", 0, "printed at start\n"},
        Misdeed{"read standard input"}, Misdeed{"close standard descriptors"},
        Misdeed{"round upward"},
#if defined(__x86_64__)
        Misdeed{"flush subnormals"},
#endif
        Misdeed{"change the locale"}, Misdeed{"change the folder"},
        Misdeed{"change the environment"}, Misdeed{"change the umask"},
        Misdeed{"block signals"}, Misdeed{"ignore signals"},
        Misdeed{"limit the stack"}, Misdeed{"limit files"},
        Misdeed{"fork and leave a child"}, Misdeed{"fork and answer twice"},
        Misdeed{"start a thread"}, Misdeed{"start a new session"},
        Misdeed{"exit at unload"}, Misdeed{"hang at unload"}),
    test_name);

class AtTheEnd : public HostilePlugin {};

TEST_P(AtTheEnd, IsTold) {
  const ProgramRun outcome = validate();
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_EQ(last_line(outcome.out), summary(3));
  EXPECT_THAT(outcome.out, HasSubstr("\nAT EXIT    " + GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(Table, AtTheEnd,
                         testing::Values(Misdeed{
                             "crash at unload", 3,
                             "died by signal 11 (Segmentation fault) after its "
                             "last answer\n"}),
                         test_name);

class AtTheStart : public HostilePlugin {};

TEST_P(AtTheStart, IsOneLine) {
  const ProgramRun outcome = validate();
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(
    Table, AtTheStart,
    testing::Values(
        Misdeed{"crash at load", 3, "died by signal 11"},
        Misdeed{"crash at start", 3, "died by signal 11"},
        Misdeed{"exit at load", 3, "exited with status 7"},
        Misdeed{"exit at start", 3, "exited with status 7"},
        Misdeed{"hang at load", 3, "gave no declaration within 1 s", "1"},
        Misdeed{"hang at start", 3, "gave no declaration within 1 s", "1"}),
    test_name);

}  // namespace
}  // namespace exactbn
