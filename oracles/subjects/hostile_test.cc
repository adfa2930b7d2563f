// SPDX-License-Identifier: Apache-2.0
// Hostile processes: each costs its own case and nothing else, in bounded time
// and memory, and leaves no process behind.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "oracles/subjects/process.h"

namespace exactbn::hostile_test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// What a process does on the case `wicked`, or else before its declaration, in
// Perl. It answers all other cases.
struct Hostile {
  std::string name;
  std::string act;
  std::string says;  // a part of the message; empty if it is a matter of time
  std::string start = {};   // an act before the declaration
  std::string finish = {};  // an act when the input has ended
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

std::vector<std::string> command(const Hostile& hostile) {
  return {"perl", "-e",
          "$| = 1; " + hostile.start + R"--(; print qq({"subject":"s"}\n);
while (<STDIN>) {
  my ($id) = /"case":"(\w+)"/;
  if ($id ne "wicked") { print qq({"case":"$id","error":"fine"}\n); next }
  )--" + hostile.act +
              "\n}\n" + hostile.finish};
}

// The same for a process that acts when it has read a part of the case.
std::vector<std::string> reader(const Hostile& hostile) {
  return {"perl", "-e",
          R"--($| = 1; print qq({"subject":"s"}\n);
while (sysread STDIN, $_, 100) {
  my ($id) = /"case":"(\w+)"/;
  if ($id eq "wicked") { )--" +
              hostile.act + R"--( }
  sysread STDIN, $_, 1 until /\n/;
  print qq({"case":"$id","error":"fine"}\n);
})--"};
}

constexpr milliseconds kLimit{500};

ProcessOptions limits() {
  ProcessOptions options;
  // Perl takes a while to start on a busy machine.
  options.start_limit = milliseconds(10'000);
  options.case_limit = kLimit;
  return options;
}

Case question(const std::string& id, std::int64_t length = 3) {
  Case c{id, {}, {}};
  c.problem.momentum = 0.125;
  c.problem.inputs.emplace(Input::x, Tensor(DType::f64, {length, 3}));
  return c;
}

// Everything that a test starts carries a mark in its environment.
class Hostiles : public testing::Test {
 protected:
  Hostiles() { ::setenv("EXACTBN_HOSTILE_TEST", mark_.c_str(), 1); }
  ~Hostiles() override {
    EXPECT_THAT(left(), testing::IsEmpty());
    ::unsetenv("EXACTBN_HOSTILE_TEST");
  }

  // The marked processes that still run.
  std::vector<std::string> left() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string pid = entry.path().filename().string();
      if (pid.find_first_not_of("0123456789") != pid.npos ||
          pid == std::to_string(::getpid())) {
        continue;
      }
      std::ifstream in(entry.path() / "environ", std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      if (text.find("EXACTBN_HOSTILE_TEST=" + mark_) != text.npos) {
        all.push_back(pid);
      }
    }
    return all;
  }

  static std::string asked(ProcessSubject& subject, const Case& c) {
    try {
      return subject.answer(c).message;
    } catch (const SubjectFailure& failure) {
      return failure.what();
    }
  }

 private:
  std::string mark_ = std::to_string(::getpid());
};

// The largest memory since the last reset, in KiB.
std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << '5'; }

class HostileProcess : public Hostiles,
                       public testing::WithParamInterface<Hostile> {};

TEST_P(HostileProcess, CostsItsOwnCaseAndNothingElse) {
  constexpr std::int64_t kMostKib = 64 << 10;
  constexpr milliseconds kSlack{5'000};
  reset_peak_memory();
  const std::int64_t memory = peak_memory();
  const Clock::time_point begin = Clock::now();
  {
    ProcessSubject subject(command(GetParam()), limits());
    EXPECT_EQ(asked(subject, question("one")), "fine");
    std::string outcome = asked(subject, question("wicked"));
    // What comes after an answer shows when the next case is to be asked.
    constexpr milliseconds kLate{100};
    std::this_thread::sleep_for(kLate);
    std::string next;
    try {
      next = subject.answer(question("two")).message;
    } catch (const LateOutput& late) {
      outcome = late.what();
      next = asked(subject, question("two"));
    }
    EXPECT_EQ(next, "fine");
    EXPECT_THAT(outcome, HasSubstr(GetParam().says));
    EXPECT_LT(outcome.size(), 2'000u);
  }
  EXPECT_LT(Clock::now() - begin, 2 * kLimit + kSlack);
  EXPECT_LT(peak_memory() - memory, kMostKib);
}

// The case `wicked` does not fit in a pipe.
class HostileReader : public Hostiles,
                      public testing::WithParamInterface<Hostile> {};

TEST_P(HostileReader, CostsItsOwnCaseAndNothingElse) {
  constexpr std::int64_t kLong = 100'000;
  constexpr std::int64_t kMostKib = 64 << 10;
  const Case large = question("wicked", kLong);
  ProcessSubject subject(reader(GetParam()), limits());
  reset_peak_memory();
  const std::int64_t memory = peak_memory();
  EXPECT_THAT(asked(subject, large), HasSubstr(GetParam().says));
  EXPECT_EQ(asked(subject, question("two")), "fine");
  EXPECT_LT(peak_memory() - memory, kMostKib);
}

class HostileStart : public Hostiles,
                     public testing::WithParamInterface<Hostile> {};

TEST_P(HostileStart, IsAFailureToStart) {
  ProcessOptions options = limits();
  options.start_limit = kLimit;
  try {
    const ProcessSubject subject(command(GetParam()), options);
    FAIL() << "it started";
  } catch (const SubjectFailure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr(GetParam().says));
  }
}

const std::string kHung = "gave no answer to case wicked within 0.5 s";
const std::string kFormat = "does not follow the wire format: ";
const std::string kFine = R"(qq({"case":"wicked","error":"e"}\n))";

// What a process writes in the place of an answer.
std::vector<Hostile> lines() {
  const std::string outputs = R"({"case":"wicked","outputs":)";
  const auto mean = [&](const std::string& tensor) {
    return outputs + R"({"mean":)" + tensor + "}}";
  };
  const std::vector<std::pair<std::string, std::pair<std::string, std::string>>>
      rows = {
          {"Empty", {"", "the line ends too early"}},
          {"Blank", {"  ", "the line ends too early"}},
          {"Word", {"hello", "not JSON at byte 1"}},
          {"Array", {"[]", "not a JSON object"}},
          {"Null", {"null", "not a JSON object"}},
          {"NoCase", {R"({"error":"e"})", "case: missing"}},
          {"CaseOnly", {R"({"case":"wicked"})", "expected one of outputs"}},
          {"CaseIsANumber", {R"({"case":7,"error":"e"})", "case: number"}},
          {"EarlierCase",
           {R"({"case":"one","error":"e"})", "answered case one instead of"}},
          {"NextCase",
           {R"({"case":"two","error":"e"})", "answered case two instead of"}},
          {"TwoKinds",
           {R"({"case":"wicked","error":"e","rejected":"r"})",
            "expected one of outputs"}},
          {"CaseTwice",
           {R"({"case":"wicked","case":"wicked","error":"e"})", "given twice"}},
          {"OutputTwice",
           {outputs + R"({"y":{},"y":{}}})", "outputs.y: given twice"}},
          {"UnknownField",
           {R"({"case":"wicked","error":"e","x":1})", "x: unknown field"}},
          {"UnknownOutput",
           {outputs + R"({"dx":{"dtype":"f64","shape":[],"bits":""}}})",
            "outputs.dx"}},
          {"OutputsIsAnArray", {outputs + "[]}", "outputs: array"}},
          {"ErrorIsAnObject", {R"({"case":"wicked","error":{}})", "error: "}},
          {"WrongShape",
           {mean(R"({"dtype":"f64","shape":[1],"bits":"0000000000000000"})"),
            "outputs.mean.shape: [1], expected [3]"}},
          {"ShapeOfHugeNumbers",
           {mean(R"({"dtype":"f64","shape":[1099511627776,4096],"bits":""})"),
            "outputs.mean.shape"}},
          {"ShapeBeyondIntegers",
           {mean(R"({"dtype":"f64","shape":[1e400],"bits":""})"),
            "number out of range"}},
          {"ShapeIsNegative",
           {mean(R"({"dtype":"f64","shape":[-3],"bits":""})"),
            "extent below 1"}},
          {"BitsTooShort",
           {mean(R"({"dtype":"f64","shape":[3],"bits":"00"})"), "2 hexadec"}},
          {"BitsAreDecimal",
           {mean(
                R"({"dtype":"f32","shape":[3],"bits":"0.125000+0.125000e+00+0"})"),
            "23 hexadec"}},
          {"UnknownFormat",
           {mean(R"({"dtype":"f8","shape":[3],"bits":""})"), "not one of"}},
          {"CutOff", {R"({"case":"wicked","outputs":{"mean")", "too early"}},
          {"TrailingComma", {R"({"case":"wicked","error":"e",})", "not JSON"}},
          {"TrailingText", {R"({"case":"wicked","error":"e"}x)", "not JSON"}},
          {"NaNLiteral", {R"({"case":"wicked","error":NaN})", "not JSON"}},
      };
  std::vector<Hostile> all;
  for (const auto& [name, row] : rows) {
    all.push_back({name, "print q(" + row.first + R"() . "\n";)", row.second});
  }
  return all;
}

// Bytes that are hard to write in a table.
std::vector<Hostile> bytes() {
  return {
      {"NulByte", R"(print qq({"case":"wicked","error":"\0"}\n);)", kFormat},
      {"NulBytes", R"(print "\0" x 1000, "\n";)", "not JSON at byte 1"},
      {"NotUtf8", R"(print qq({"case":"wicked","error":"\xff"}\n);)", kFormat},
      {"Surrogate", R"(print qq({"case":"wicked","error":"\\ud800"}\n);)",
       kFormat},
      {"DeepArrays", R"(print "[" x 500_000, "\n";)", "nested too deeply"},
      {"DeepObjects", R"(print '{"a":' x 150_000, "\n";)", "nested too deeply"},
      {"WideArray", R"(print "[", "0," x 400_000, "0]\n";)",
       "too many fields or elements"},
      {"WideObject",
       R"(print "{", (map { qq("$_":0,) } 1 .. 80_000), qq("a":0}\n);)",
       "too many fields or elements"},
      {"LongCase",
       R"(print q({"case":") . "x" x 500_000 . qq(","error":"e"}\n);)",
       "answered case xxxxxxx"},
      {"LongNumber", R"(print "{\"case\":", "9" x 900_000, "}\n";)", kFormat},
      {"LongMessage",
       R"(print qq({"case":"wicked","error":") . "x" x 2_000_000 . qq("}\n);)",
       "wrote more than"},
      {"FloodInOneLine", R"(print "x" x 65_536 while 1;)", "wrote more than"},
      {"FloodOfLines", "print " + kFine + " while 1;", " after its answer to"},
      {"FloodOfNewlines", R"(print "\n" x 65_536 while 1;)", kFormat},
  };
}

std::vector<Hostile> timing() {
  return {
      {"Hang", "sleep 900;", kHung},
      {"HangInPart", R"(print '{"case":'; sleep 900;)", kHung},
      {"Drip", "while (1) { print ' '; select undef, undef, undef, 0.02 }",
       kHung},
      {"IgnoresTerm", "$SIG{$_} = 'IGNORE' for qw(TERM INT HUP); sleep 900;",
       kHung},
      {"StopsItself", "kill 'STOP', $$;", kHung},
      {"BusyLoop", "1 while 1;", kHung},
      {"AnswersTwice", "print " + kFine + " . " + kFine + ";",
       " after its answer to"},
      {"AnswersTwiceWithAPause",
       "print " + kFine + "; select undef, undef, undef, 0.03; print " + kFine +
           ";",
       " after its answer to case wicked"},
      {"AnswersTheNextCaseWithAPause",
       "print " + kFine +
           R"(; select undef, undef, undef, 0.03; print qq({"case":"two","error":"early"}\n);)",
       " after its answer to case wicked"},
      {"AnswersTheNextCase",
       "print " + kFine + R"( . qq({"case":"two","error":"early"}\n);)",
       " after its answer to"},
      {"ClosesItsOutput", "close STDOUT; sleep 900;",
       "closed its output and gave no answer to case wicked"},
      {"ClosesBoth", "close STDOUT; close STDIN; sleep 900;",
       "closed its output and gave no answer to case wicked"},
      {"ClosesInPart", R"(print '{"case":'; close STDOUT; sleep 900;)",
       "closed its output and gave no answer to case wicked"},
      {"ClosesAllDescriptors",
       "use POSIX; POSIX::close($_) for 0 .. 63; sleep 900;",
       "closed its output and gave no answer to case wicked"},
      {"HangsAtTheEnd", "print " + kFine + ";", "", "", "sleep 900;"},
      {"IgnoresTheEnd", "print " + kFine + ";", "", "",
       "$SIG{TERM} = 'IGNORE'; 1 while 1;"},
  };
}

// Descendants and groups, with a process that hangs.
std::vector<Hostile> families() {
  const std::string killed = "killed the process that watches it on case";
  return {
      {"NewGroup", "setpgrp; sleep 900;", kHung},
      {"GroupOfItsParent", "setpgrp(0, getpgrp(getppid)); sleep 900;", kHung},
      {"NewSession",
       "use POSIX; fork or (POSIX::setsid, sleep 900); sleep 900;", kHung},
      {"ChildHangs", "fork; sleep 900;", kHung},
      {"ChildrenOfChildren", "fork for 1 .. 4; sleep 900;", kHung},
      {"Daemon",
       "use POSIX; if (!fork) { POSIX::setsid; exit if fork; sleep 900 } "
       "wait; sleep 900;",
       kHung},
      {"DaemonWithoutPipes",
       "use POSIX; if (!fork) { POSIX::setsid; exit if fork; close STDOUT; "
       "close STDIN; sleep 900 } wait; exit 5;",
       "exited with status 5 on case wicked"},
      {"ChildHoldsThePipe", "exit 6 if fork; sleep 900;",
       "exited with status 6 on case wicked"},
      {"DaemonHoldsThePipe",
       "use POSIX; if (!fork) { POSIX::setsid; exit if fork; sleep 900 } "
       "wait; "
       "kill 'SEGV', $$;",
       "died by signal 11"},
      {"ChildFloods", "exit 7 if fork; print 'x' x 65_536 while 1;", ""},
      {"ChildrenForkOnAndOn",
       "if (!fork) { while (1) { exit if fork } } sleep 900;", kHung},
      {"StopsItsKeeper", "kill 'STOP', getppid; sleep 900;", kHung},
      {"KillsItsKeeper", "kill 'KILL', getppid; sleep 900;", killed},
  };
}

std::vector<Hostile> ends() {
  std::vector<Hostile> all;
  for (const int status : {0,   1,   2,   3,   4,   5,   63,  64,  77,  100,
                           125, 126, 127, 128, 130, 137, 139, 143, 254, 255}) {
    all.push_back({fmt::format("ExitsWith{}", status),
                   fmt::format("exit {};", status),
                   fmt::format("exited with status {}", status)});
  }
  for (const int signal :
       {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,    SIGTRAP, SIGABRT, SIGBUS,
        SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV,   SIGUSR2, SIGPIPE, SIGALRM,
        SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGSYS}) {
    all.push_back(
        {fmt::format("DiesBySignal{}", signal),
         fmt::format("$SIG{{FPE}} = 'DEFAULT'; kill {}, $$; sleep 9;", signal),
         fmt::format("died by signal {} (", signal)});
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Hostile>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Lines, HostileProcess, testing::ValuesIn(lines()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Bytes, HostileProcess, testing::ValuesIn(bytes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Timing, HostileProcess, testing::ValuesIn(timing()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Families, HostileProcess,
                         testing::ValuesIn(families()), name_of);
INSTANTIATE_TEST_SUITE_P(Ends, HostileProcess, testing::ValuesIn(ends()),
                         name_of);

INSTANTIATE_TEST_SUITE_P(
    Acts, HostileReader,
    testing::Values(
        Hostile{"Hangs", "sleep 900;", kHung},
        Hostile{"ClosesItsInput", "close STDIN; sleep 900;", kHung},
        Hostile{"Exits", "exit 9;", "exited with status 9 on case wicked"},
        Hostile{"Floods", "print 'x' x 65_536 while 1;", "wrote more than"},
        Hostile{"FloodsWithLines", "print " + kFine + " while 1;",
                "wrote more than"},
        Hostile{"AnswersAndHangs", "print " + kFine + "; sleep 900;", kHung},
        Hostile{"AnswersInPart", "print '{'; sleep 900;", kHung}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Acts, HostileStart,
    testing::Values(
        Hostile{"Hangs", "", "gave no declaration", "sleep 900"},
        Hostile{"HangsInPart", "", "gave no declaration",
                "print '{'; sleep 900"},
        Hostile{"Exits", "", "exited with status 3 before", "exit 3"},
        Hostile{"Closes", "", "closed its output", "close STDOUT; sleep 900"},
        Hostile{"Floods", "", "wrote more than 1048576 bytes",
                "print 'x' x 65_536 while 1"},
        Hostile{"Daemonizes", "", "exited with status 0 before",
                "use POSIX; exit if fork; POSIX::setsid; sleep 900"},
        Hostile{"Nests", "", "nested too deeply",
                "print '[' x 500_000, qq(\\n); sleep 900"},
        Hostile{"DeclaresTwice", "", " after its declaration",
                R"(print qq({"subject":"s"}\n) x 2; sleep 900)"}),
    name_of);

}  // namespace
}  // namespace exactbn::hostile_test
