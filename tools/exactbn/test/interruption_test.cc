// SPDX-License-Identifier: Apache-2.0
// Signals: no process is left, no file is half-written, no report is lost.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::interruption_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Interruption : public ProgramTest,
                     public testing::WithParamInterface<const char*> {
 protected:
  // A shell lets what it starts in the background ignore SIGINT; env undoes
  // that. Starts a command, sends it the signal once the condition holds, and
  // prints its exit status and the seconds that it took to end.
  ProgramRun interrupt(const std::string& command, const std::string& when,
                       const std::string& signal) const {
    return run(fmt::format(
        R"(mark=$$-{0}
exactbn() {{ MARK=$mark exec env --default-signal=INT {1} "$@"; }}
( {2} ) >out.txt 2>err.txt & pid=$!
for i in $(seq 1000); do if {3}; then break; fi; sleep 0.02; done
begin=$(date +%s%N)
kill -{0} $pid; [ {0} = KILL ] || kill -{0} $pid 2>/dev/null
wait $pid; echo status $?
[ $(( $(date +%s%N) - begin )) -lt 2000000000 ] && echo soon
for i in $(seq 100); do
  left=$(grep -lz "^MARK=$mark$" /proc/[0-9]*/environ 2>/dev/null | wc -l)
  [ "$left" = 0 ] && break
  sleep 0.02
done
echo left $left)",
        signal, EXACTBN_BUILD "/bin/exactbn", command, when));
  }
};

// It leaves its group and session, ignores signals, has children, and hangs.
constexpr const char* kHung =
    R"--('perl -e "use POSIX; \$SIG{\$_} = q(IGNORE) for qw(INT TERM HUP);
fork or sleep 900; POSIX::setsid; \$| = 1; print qq({\"subject\":\"s\"}\n);
<STDIN> or exit; open F, q(>), q(hung); close F; sleep 900"')--";

TEST_P(Interruption, NoProcessIsLeft) {
  for (const std::string verb : {"validate", "properties", "probe"}) {
    const ProgramRun outcome = interrupt("exactbn " + verb + " --exec " + kHung,
                                         "[ -e hung ]", GetParam());
    EXPECT_THAT(outcome.out, HasSubstr("\nleft 0\n")) << verb;
    EXPECT_THAT(outcome.out, HasSubstr("\nsoon\n")) << verb;
    run("rm -f hung");
  }
}

INSTANTIATE_TEST_SUITE_P(Signals, Interruption,
                         testing::Values("INT", "TERM", "HUP", "KILL"),
                         [](const auto& row) { return row.param; });

using Stopped = Interruption;

// Also while a process is asked, and if the signal comes twice.
TEST_F(Stopped, PropertiesReportWhatTheyHaveAndSayThatTheyWereStopped) {
  write("example.py", "open('started', 'w').close()\n" + wrong_example());
  const std::vector<std::pair<std::string, std::string>> signals = {
      {"INT", "130"}, {"TERM", "143"}, {"HUP", "129"}};
  for (const auto& [signal, status] : signals) {
    const ProgramRun outcome = interrupt(
        "exactbn properties --exec \"exec python3 example.py\" --cases 1000000 "
        "--json r.json --save s.jsonl",
        "[ -e started ] && sleep 1", signal);
    EXPECT_THAT(outcome.out, HasSubstr("status " + status + "\n"));
    EXPECT_THAT(outcome.out, HasSubstr("\nsoon\n"));
    EXPECT_THAT(outcome.out, HasSubstr("\nleft 0\n"));
    EXPECT_THAT(read("out.txt"), HasSubstr("\ninterrupted\n"));
    EXPECT_EQ(read("err.txt"), "");
    const auto report = nlohmann::json::parse(read("r.json"));
    EXPECT_EQ(report["interrupted"], true);
    EXPECT_GT(report["cases"], 0);
    EXPECT_NE(read("s.jsonl"), "");
    run("rm r.json s.jsonl started");
  }
}

TEST_F(Stopped, PropertiesEndWhileAProcessHangs) {
  const ProgramRun outcome =
      interrupt(std::string("exactbn properties --json r.json --exec ") + kHung,
                "[ -e hung ]", "INT");
  EXPECT_THAT(outcome.out, HasSubstr("status 130\nsoon\n"));
  EXPECT_EQ(nlohmann::json::parse(read("r.json"))["interrupted"], true);
}

TEST_F(Stopped, PropertiesOfABuiltInEnd) {
  const ProgramRun outcome = interrupt(
      "exactbn properties double --cases 100000000 --profile large --json "
      "r.json --save s",
      "sleep 1", "INT");
  EXPECT_THAT(outcome.out, HasSubstr("status 130\nsoon\n"));
  EXPECT_EQ(nlohmann::json::parse(read("r.json"))["interrupted"], true);
}

}  // namespace
}  // namespace exactbn::interruption_test
