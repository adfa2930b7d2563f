// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "oracles/subjects/plugin.h"
#include "oracles/wire.h"

namespace exactbn::process_test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kDeclare = "echo '{\"subject\":\"s\"}'; ";
constexpr std::string_view kAnswer =
    "echo '{\"case\":\"a\",\"error\":\"e\"}'; ";

std::vector<std::string> shell(const std::string& command) {
  return {"/bin/sh", "-c", command};
}

std::vector<std::string> declared(std::string_view command) {
  return shell(std::string(kDeclare) + std::string(command));
}

ProcessOptions with_limit(milliseconds limit) {
  ProcessOptions options;
  options.start_limit = options.case_limit = limit;
  return options;
}

Case small_case(std::string id) {
  Case c{std::move(id), {}, {}};
  c.problem.momentum = 0.125;
  c.problem.inputs.emplace(Input::x, Tensor(DType::f64, {2, 3}));
  return c;
}

// Far larger than a pipe's buffer.
Case large_case(std::string id) {
  Case c = small_case(std::move(id));
  c.problem.inputs[Input::x] = Tensor(DType::f64, {40, 1000});
  return c;
}

template <class Failure = SubjectFailure, class Act>
std::string failure(Act act) {
  try {
    act();
  } catch (const Failure& error) {
    return error.what();
  }
  return "no failure";
}

// The test has a private folder.
class ProcessTest : public testing::Test {
 protected:
  ProcessTest() { std::filesystem::create_directories(folder_); }
  ~ProcessTest() override {
    std::filesystem::remove_all(folder_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
  }
  std::string file(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("exactbn_stream_test_" + std::to_string(::getpid()));
};

TEST_F(ProcessTest, AnswersOneCaseAfterTheOther) {
  ProcessSubject subject(declared(
      "while read line; do id=${line#*:\\\"}; id=${id%%\\\"*};"
      "echo \"{\\\"case\\\":\\\"$id\\\",\\\"rejected\\\":\\\"r-$id\\\"}\"; "
      "done"));
  EXPECT_EQ(subject.declaration().subject, "s");
  for (const std::string id : {"a", "b", "c"}) {
    const Answer answer = subject.answer(small_case(id));
    EXPECT_EQ(answer.kind, Answer::Kind::rejected);
    EXPECT_EQ(answer.message, "r-" + id);
  }
}

TEST_F(ProcessTest, ReportsAProcessThatFailsOnACase) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows = {
      {"kill -SEGV $$", "died by signal 11 (Segmentation fault) on case a"},
      {"kill -KILL $$", "died by signal 9 (Killed) on case a"},
      {"exit 3", "exited with status 3 on case a"},
      {"exit 0", "exited with status 0 on case a"},
      {"sh -c 'kill -ABRT $$'; exit $?",
       "exited with status 134, which a shell reports for signal 6 (Aborted), "
       "on "
       "case a"},
      {"exec >&-; sleep 9", "closed its output and gave no answer to case a"},
      {"sleep 9", "gave no answer to case a within 0.4 s and was stopped"},
      {"printf '{\"case\":\"a\"'; sleep 9",
       "gave no answer to case a within 0.4 s and was stopped"},
      {"printf '{\"case\":\"a\"'", "exited with status 0 on case a"},
      {"echo 'loading'",
       "answered case a with a line that does not follow the wire format: not "
       "JSON "
       "at byte 1: \"loading\""},
      {"echo",
       "answered case a with a line that does not follow the wire format: "},
      {"echo '{\"case\":\"a\"}'",
       "answered case a with a line that does not follow the wire format: case "
       "a: "
       "expected one of outputs, unsupported, rejected and error"},
      {"echo '{\"case\":\"b\",\"error\":\"e\"}'",
       "answered case b instead of a"},
      {"yes | tr -d '\\n'", "wrote more than 100240 bytes on case a"},
  };
  ProcessOptions options;
  options.case_limit = milliseconds(400);
  options.line_limit = 100000;
  for (const auto& [command, says] : rows) {
    const auto argv = declared("read line; " + std::string(command));
    ProcessSubject subject(argv, options);
    const std::string what = failure([&] { subject.answer(small_case("a")); });
    EXPECT_THAT(what, StartsWith("'" + argv[2] + "' ")) << command;
    EXPECT_THAT(what, HasSubstr("' " + std::string(says))) << command;
  }
}

TEST_F(ProcessTest, ReportsAProcessThatDoesNotStart) {
  const std::vector<std::pair<std::string, std::string_view>> rows = {
      {"exit 3", "'exit 3' exited with status 3 before its declaration"},
      {"no-such-command-7", "exited with status 127 before its declaration"},
      {"kill -BUS $$", "died by signal 7 (Bus error) before its declaration"},
      {"exec sleep 9", "gave no declaration within 0.4 s and was stopped"},
      {"echo hello",
       "'echo hello' declared itself with a line that does not "
       "follow the wire format: not JSON at byte"},
      {"echo '{\"subject\":\"s\",\"dtypes\":[\"f8\"]}'",
       "does not follow the wire format: dtypes: \"f8\" is not one of"},
  };
  for (const auto& [command, says] : rows) {
    EXPECT_THAT(failure([&text = command] {
                  ProcessSubject subject(shell(text),
                                         with_limit(milliseconds(400)));
                }),
                HasSubstr(says));
  }
  EXPECT_EQ(failure([] {
              ProcessSubject subject({"/no/such", "-x"});
            }),
            "'/no/such -x' could not be started: No such file or directory");
}

TEST_F(ProcessTest, ALoadErrorIsTheUsersAndNotTheSubjects) {
  EXPECT_EQ(failure<LoadError>([] {
              ProcessSubject subject(shell("echo '{\"load_error\":\"why\"}'"));
            }),
            "why");
}

TEST_F(ProcessTest, StartsAnotherProcessAfterAFailure) {
  ProcessSubject subject(declared("read line; if [ -e " + file("failed") +
                                  " ]; then " + std::string(kAnswer) +
                                  "read line; else touch " + file("failed") +
                                  "; kill -ILL $$; fi"));
  EXPECT_THAT(failure([&] { subject.answer(small_case("a")); }),
              HasSubstr("died by signal 4"));
  EXPECT_EQ(subject.answer(small_case("a")).message, "e");
}

TEST_F(ProcessTest, NeitherSideWaitsForTheOtherToEmptyItsPipe) {
  const Case c = large_case("a");
  Answer answer;
  answer.outputs.emplace(Output::y, c.problem.x());
  std::ofstream(file("answer")) << write_answer(c.id, answer) << '\n';
  // It answers when it has read a part of the case.
  const std::string act =
      "head -c 100 >/dev/null; cat " + file("answer") + "; read line; ";
  ProcessSubject subject(declared(act + act), with_limit(milliseconds(20'000)));
  EXPECT_EQ(subject.answer(c).outputs, answer.outputs);
  EXPECT_EQ(subject.answer(c).outputs, answer.outputs);
}

TEST_F(ProcessTest, AClosedInputRaisesNoSignal) {
  ProcessSubject no_input(declared("exec <&-; exit 4"));
  EXPECT_THAT(failure([&] { no_input.answer(large_case("a")); }),
              HasSubstr("exited with status 4 on case a"));
  ProcessSubject late(declared("exec <&-; sleep 0.1; " + std::string(kAnswer)));
  EXPECT_EQ(late.answer(large_case("a")).message, "e");
}

TEST_F(ProcessTest, ExtraOutputIsNoAnswer) {
  ProcessSubject at_once(
      declared("read line; echo '{\"case\":\"a\",\"error\":\"e\"}\ndebug'"));
  EXPECT_THAT(failure([&] { at_once.answer(small_case("a")); }),
              HasSubstr("wrote \"debug\" after its answer to case a"));
  ProcessSubject later(declared("read line; " + std::string(kAnswer) +
                                "sleep 0.1; echo debug; read line; sleep 9"));
  EXPECT_EQ(later.answer(small_case("a")).message, "e");
  ::usleep(500'000);
  EXPECT_THAT(failure<LateOutput>([&] { later.answer(small_case("b")); }),
              HasSubstr("wrote \"debug\" after its answer to case a"));
}

TEST_F(ProcessTest, AStoppedRunWaitsForNothing) {
  bool stopped = false;
  ProcessOptions options;
  options.stopped = [&] { return stopped; };
  ProcessSubject subject(
      declared("read line; " + std::string(kAnswer) + "read line; sleep 900"),
      options);
  EXPECT_EQ(subject.answer(small_case("a")).message, "e");
  stopped = true;
  EXPECT_EQ(failure<RunStopped>([&] { subject.answer(small_case("a")); }),
            "the run was stopped");
}

// A process of ours that has ended may remain as a zombie of init.
bool runs(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string number, name, state;
  return (stat >> number >> name >> state) && state != "Z";
}

bool ends_soon(const std::string& pid) {
  for (int i = 0; i < 200 && runs(pid); ++i) ::usleep(10'000);
  return !runs(pid);
}

TEST_F(ProcessTest, AHangIsKilledWithItsChildren) {
  ProcessSubject subject(
      declared("sleep 900 & echo $! > " + file("pid") + "; read line; wait"),
      with_limit(milliseconds(400)));
  EXPECT_THAT(failure([&] { subject.answer(small_case("a")); }),
              HasSubstr("was stopped"));
  std::string pid;
  std::ifstream(file("pid")) >> pid;
  ASSERT_NE(pid, "");
  EXPECT_TRUE(ends_soon(pid));
}

TEST_F(ProcessTest, TheProcessEndsWithTheSubject) {
  const std::string path = file("pid");
  {
    ProcessSubject subject(shell("echo $$ > " + path + "; trap '' TERM; " +
                                 std::string(kDeclare) +
                                 "while true; do sleep 900; done"));
  }
  std::string pid;
  std::ifstream(path) >> pid;
  ASSERT_NE(pid, "");
  EXPECT_FALSE(runs(pid));
}

TEST_F(ProcessTest, TheProcessMayFinishWhenItsInputEnds) {
  const std::string path = file("bye");
  { ProcessSubject subject(declared("cat; sleep 0.2; touch " + path)); }
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ProcessTest, APluginCrashesInASeparateProcess) {
  ProcessSubject subject({EXACTBN_BUILD "/bin/serve_plugin",
                          EXACTBN_BUILD "/oracles/scripted_plugin.so"});
  EXPECT_EQ(subject.declaration().subject, "scripted");
  EXPECT_THAT(failure([&] { subject.answer(small_case("crash")); }),
              HasSubstr("died by signal 6 (Aborted) on case crash"));
  EXPECT_EQ(
      subject.answer(small_case("means")).outputs.at(Output::mean).value(0), 0);
  EXPECT_THAT(failure<LoadError>([] {
                ProcessSubject unfit({EXACTBN_BUILD "/bin/serve_plugin",
                                      EXACTBN_BUILD "/oracles/unfit_ABI.so"});
              }),
              HasSubstr("unfit_ABI.so: built for version 42"));
}

TEST_F(ProcessTest, EachNumberOfThreadsHasAProcess) {
  ProcessOptions options;
  options.has_surroundings = true;
  ::unsetenv("OMP_NUM_THREADS");
  ProcessSubject subject({EXACTBN_BUILD "/bin/serve_plugin",
                          EXACTBN_BUILD "/oracles/scripted_plugin.so"},
                         options);
  const Case c = small_case("threads");
  EXPECT_EQ(subject.answer(c).message, "none");
  EXPECT_EQ(subject.answer_in({.threads = 3}, c)->message, "3");
  EXPECT_EQ(subject.answer_in({.threads = 1}, c)->message, "1");
  ::setenv("OMP_NUM_THREADS", "7", 1);
  EXPECT_EQ(subject.answer_in({.threads = 3}, c)->message, "3");
  EXPECT_THAT(
      failure([&] { subject.answer_in({.threads = 1}, small_case("crash")); }),
      HasSubstr("scripted_plugin.so' with 1 thread died by signal 6"));
  EXPECT_EQ(subject.answer(c).message, "none");
  EXPECT_EQ(subject.answer_in({.threads = 1}, c)->message, "1");
  ::unsetenv("OMP_NUM_THREADS");
}

TEST_F(ProcessTest, SurroundingsApplyToOneCase) {
  ProcessOptions options;
  options.has_surroundings = true;
  ProcessSubject subject({EXACTBN_BUILD "/bin/serve_plugin",
                          EXACTBN_BUILD "/oracles/scripted_plugin.so"},
                         options);
  const Case c = small_case("addresses");
  EXPECT_EQ(subject.answer_in({.past = 1}, c)->message, "x 8, mean 8, var 8");
  EXPECT_EQ(subject.answer(c).message, "x 0, mean 0, var 0");
  ProcessSubject other(declared("read a; " + std::string(kAnswer)));
  EXPECT_FALSE(other.answer_in({.past = 1}, c));
}

}  // namespace
}  // namespace exactbn::process_test
