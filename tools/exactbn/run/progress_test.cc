// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/progress.h"

#include <gmock/gmock.h>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::progress_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(Progress, IsALine) {
  EXPECT_EQ(to_string(Progress{0, 690, 0, {}}), "0/690");
  EXPECT_EQ(to_string(Progress{123, 690, 2, 59s}),
            "123/690   2 failed   59 s left");
  EXPECT_EQ(to_string(Progress{1, 2, 0, 70s}), "1/2   1 min 10 s left");
  EXPECT_EQ(to_string(Progress{1, 2, 0, 3719s}), "1/2   1 h 1 min left");
}

TEST(Progress, EstimatesTheRestFromTheWorkDone) {
  EXPECT_EQ(time_left(3000ms, 1, 4), 9s);
  EXPECT_EQ(time_left(10'000ms, 3, 4), 3s);
  EXPECT_EQ(time_left(10'000ms, 4, 4), 0s);
  EXPECT_EQ(time_left(1999ms, 1, 4), std::nullopt);
  EXPECT_EQ(time_left(3000ms, 0, 4), std::nullopt);
}

// Runs a command on its own terminal, and prints, escaped, what the terminal
// received. The command's standard output goes to a file, as with a pipe.
constexpr const char* kOnATerminal = R"(
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.dup2(os.open("out", os.O_WRONLY | os.O_CREAT), 1)
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        some = os.read(terminal, 4096)
    except OSError:
        break
    if not some:
        break
    seen += some
print(ascii(seen.decode()))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
)";

class OnATerminal : public ProgramTest {
 protected:
  ProgramRun shown(const std::string& environment,
                   const std::string& arguments) const {
    write("terminal.py", kOnATerminal);
    return run("env -u CI TERM=xterm " + environment +
               " python3 terminal.py " EXACTBN_BUILD "/bin/exactbn " +
               arguments);
  }
};

const char* const kErased = "\\r\\x1b[K'\n";

TEST_F(OnATerminal, TheLineIsShownAndErased) {
  // Slow enough for a second line.
  write("wrong.py",
        wrong_example().replace(wrong_example().find("    q = json.loads"), 0,
                                "    __import__('time').sleep(0.005)\n"));
  const ProgramRun outcome =
      shown("",
            "validate --exec 'python3 wrong.py' --dtype f32 --once"
            " --filter inference");
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("'\\r0/"));
  EXPECT_THAT(outcome.out, HasSubstr(" failed"));
  EXPECT_THAT(outcome.out, HasSubstr("searching for the cause"));
  EXPECT_THAT(outcome.out, testing::EndsWith(kErased));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\\n")));
  EXPECT_THAT(read("out"), Not(HasSubstr("\x1b")));
}

TEST_F(OnATerminal, NoCauseIsSoughtIfAllPass) {
  const ProgramRun outcome =
      shown("", "validate double --filter WorkedExample");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_THAT(outcome.out, Not(HasSubstr("cause")));
  EXPECT_THAT(outcome.out, testing::EndsWith(kErased));
}

TEST_F(OnATerminal, ALogGetsNoLine) {
  const std::string command = "validate double --filter WorkedExample";
  EXPECT_EQ(shown("CI=true", command).out, "''\n");
  EXPECT_EQ(shown("TERM=dumb", command).out, "''\n");
  EXPECT_EQ(run("exactbn " + command).err, "");
}

}  // namespace
}  // namespace exactbn::progress_test
