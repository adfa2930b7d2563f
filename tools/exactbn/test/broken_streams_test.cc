// SPDX-License-Identifier: Apache-2.0
// What the program reads, writes or needs fails in mid-run.
#include <gmock/gmock.h>

#include "reference/tensor/sanitized.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class BrokenStreams : public ProgramTest {
 protected:
  BrokenStreams() {
    write("cases", small_case("one") + small_case("two"));
    write("answers", small_answer("one") + small_answer("two"));
  }

  // Runs the command so that reading `file` fails, but for the first time.
  ProgramRun with_read_error(const std::string& file,
                             const std::string& command) const {
    return run("strace -f -o /dev/null -P \"$PWD/" + file + "\"" +
               " -e inject=read:error=EIO:when=2 " EXACTBN_BUILD
               "/bin/exactbn " +
               command);
  }

  void expect_error(const std::string& file, const std::string& command) const {
    const ProgramRun outcome = with_read_error(file, command);
    EXPECT_EQ(outcome.status, 2) << command << outcome.out;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(outcome.err, "exactbn: " + file + ": Input/output error\n");
  }
};

TEST_F(BrokenStreams, AReadErrorIsNotTheEndOfAFile) {
  if (kSanitized || run("strace -o /dev/null true").status != 0) {
    GTEST_SKIP() << "strace does not run here";
  }
  expect_error("cases", "validate double --cases cases --once");
  expect_error("cases", "check cases answers");
  expect_error("answers", "check cases answers");
  expect_error("cases", "list cases --cases cases");
  ASSERT_EQ(run("exactbn validate double --cases cases --baseline known "
                "--update-baseline")
                .status,
            0);
  expect_error("known", "validate double --cases cases --baseline known");
  ASSERT_EQ(
      run("exactbn generate --out v --operation forward_inference --shape "
          "2x2 --dtype f32")
          .status,
      0);
  for (const std::string file :
       {"v/MANIFEST.sha256", "v/forward_inference-f32.json"}) {
    expect_error(file, "verify v");
  }
}

TEST_F(BrokenStreams, NorOfStandardInput) {
  for (const std::string verb :
       {"validate double --cases -", "check - answers", "check cases -"}) {
    const ProgramRun outcome = run("exactbn " + verb + " <.");
    EXPECT_EQ(outcome.status, 2) << verb;
    EXPECT_EQ(outcome.err, "exactbn: standard input: Is a directory\n");
    const ProgramRun closed = run("exactbn " + verb + " <&-");
    EXPECT_EQ(closed.status, 2) << verb;
    EXPECT_EQ(closed.err, "exactbn: standard input: Bad file descriptor\n");
  }
}

TEST_F(BrokenStreams, NorIsALackOfMemory) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need much address space";
  const ProgramRun outcome =
      run("(cat cases; head -c 900000000 /dev/zero) | (ulimit -v 900000; "
          "exactbn validate double --cases - --jobs 1)");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "exactbn: standard input: out of memory\n");
}

TEST_F(BrokenStreams, StandardErrorMayBeGone) {
  for (const std::string gone : {"2>/dev/full", "2>&-"}) {
    const ProgramRun well = run(
        "exactbn validate double --cases cases --declare subnormals=flush " +
        gone);
    EXPECT_EQ(well.status, 0) << gone;
    EXPECT_EQ(last_line(well.out),
              "2 run, 2 passed, 0 failed, 0 missing, 0 undecided, 0 beyond, 0 "
              "unsupported\n");
    EXPECT_EQ(run("exactbn validate nothing " + gone).status, 2) << gone;
    EXPECT_EQ(run("exactbn validate --exec 'exit 1' " + gone).status, 3);
    // Files do not get its number.
    const ProgramRun file =
        run("exactbn validate double --cases cases --json r.json " + gone);
    EXPECT_EQ(file.status, 0);
    EXPECT_THAT(read("r.json"), StartsWith("{"));
  }
}

TEST_F(BrokenStreams, StandardOutputMayNot) {
  for (const std::string gone : {">/dev/full", ">&-"}) {
    const ProgramRun outcome =
        run("exactbn validate double --cases cases " + gone);
    EXPECT_EQ(outcome.status, 2) << gone;
    EXPECT_THAT(outcome.err, StartsWith("exactbn: ")) << gone;
  }
}

TEST_F(BrokenStreams, TooManyThreadsAreRefused) {
#if defined(__clang__)
  GTEST_SKIP() << "the OpenMP runtime of LLVM aborts before main";
#endif
  for (const std::string threads : {"99999999999", "5000"}) {
    const ProgramRun outcome =
        run("env OMP_NUM_THREADS=" + threads +
            " " EXACTBN_BUILD "/bin/exactbn validate double --cases cases");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, EndsWith("exactbn: OMP_NUM_THREADS: '" + threads +
                                      "' is not in [1, 4096]\n"));
  }
}

class FewThreads : public BrokenStreams {
 protected:
  ProgramRun validate(const std::string& threads) const {
    return run("env FEW_THREADS=" + threads +
               " LD_PRELOAD=" EXACTBN_BUILD
               "/tools/exactbn/few_threads.so " EXACTBN_BUILD
               "/bin/exactbn validate double --cases cases --jobs 4");
  }
};

TEST_F(FewThreads, AreEnough) {
  if (kSanitized) GTEST_SKIP() << "sanitizers preload a library, too";
  const ProgramRun outcome = validate("0");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err,
            "exactbn: only 1 of 4 threads can be started: Resource "
            "temporarily unavailable\n");
}

// The system has had enough threads before, and has no more now.
TEST_F(FewThreads, EndTheProgramWithTwo) {
  if (kSanitized) GTEST_SKIP() << "sanitizers preload a library, too";
  const ProgramRun outcome = validate("3");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, EndsWith("exactbn: OpenMP's runtime gave up\n"));
}

// How a subject ends.
class LastAnswer : public BrokenStreams {
 protected:
  // Answers both cases, and then runs `act`.
  ProgramRun validate(const std::string& act, const std::string& flags = "") {
    write("answer", R"(echo '{"subject":"s"}'
read -r line; head -n 1 answers
read -r line; tail -n 1 answers
)" + act + '\n');
    return run(
        "exactbn validate --exec 'exec sh answer' --cases cases --once " +
        flags);
  }
};

TEST_F(LastAnswer, IsFollowedByNothingIfAllIsWell) {
  const ProgramRun outcome = validate("read -r line; exit 0");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_THAT(outcome.out, Not(HasSubstr("AT EXIT")));
}

TEST_F(LastAnswer, IsFollowedByACrash) {
  const ProgramRun outcome =
      validate("read -r line; kill -SEGV $$", "--json r.json --junit r.xml");
  EXPECT_EQ(outcome.status, 3);
  const std::string what =
      "died by signal 11 (Segmentation fault) after its last answer";
  EXPECT_THAT(outcome.out, HasSubstr("\nAT EXIT    " + what + "\n"));
  EXPECT_THAT(read("r.json"), HasSubstr("\"at_exit\": \"" + what + '"'));
  EXPECT_THAT(read("r.xml"),
              HasSubstr("name=\"end\"><error message=\"" + what));
}

TEST_F(LastAnswer, IsFollowedByRubbish) {
  const ProgramRun outcome = validate("read -r line; echo rubbish");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out,
              HasSubstr("\nAT EXIT    wrote a line that nobody asked for after "
                        "its last answer: \"rubbish\"\n"));
}

// The child holds the pipe, and is killed when the process ends.
TEST_F(LastAnswer, IsNotAwaitedFromAChild) {
  write("answer", "echo '{\"subject\":\"s\"}'; sleep 30 & exit 5");
  const ProgramRun outcome =
      run("exactbn validate --exec 'exec sh answer' --cases cases --once "
          "--time-limit 25");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.out, HasSubstr("exited with status 5 on case one\n"));
}

// A kernel cannot choose how wrong it may be.
class ShortAccumulation : public BrokenStreams {
 protected:
  ProgramRun validate(const std::string& flags) {
    write("subject", example());
    return run(
        "sed -i 's/\"accumulation\":\"f64\"/\"accumulation\":\"f8e4m3fn\"/; "
        "s/math.sqrt(var + eps)/math.sqrt(var + eps) * 1.2/' subject; exactbn "
        "validate --exec 'python3 subject' --filter Worked " +
        flags);
  }
  static constexpr const char* kLine =
      "accumulation  the declared f8e4m3fn is shorter than usual for x in f32; "
      "it ";
};

TEST_F(ShortAccumulation, DoesNotCountByItself) {
  const ProgramRun outcome =
      validate("--json r.json --junit r.xml --html r.html --errors 0");
  EXPECT_EQ(outcome.status, 1) << outcome.out;
  const std::string without = "does not count unless it is allowed";
  EXPECT_THAT(outcome.out,
              HasSubstr(kLine + without + ": --allow-short-accumulation\n"));
  EXPECT_THAT(read("r.json"), HasSubstr("\"counts\": false"));
  EXPECT_THAT(read("r.xml"), HasSubstr("name=\"accumulation\" value=\"the "
                                       "declared f8e4m3fn is"));
  EXPECT_THAT(read("r.html"), HasSubstr(without));
}

TEST_F(ShortAccumulation, CountsIfTheCommandLineSaysSo) {
  for (const std::string flag :
       {"--allow-short-accumulation", "--declare accumulation=f8e4m3fn"}) {
    const ProgramRun outcome = validate(flag + " --json r.json");
    EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(std::string(kLine) +
                                       "counts, so that larger errors pass\n"));
    EXPECT_THAT(outcome.out, HasSubstr("stable in f8e4m3fn"));
    EXPECT_THAT(read("r.json"), HasSubstr("\"counts\": true"));
  }
}

TEST_F(ShortAccumulation, IsToldByPropertiesAndCheck) {
  validate("");
  const ProgramRun laws =
      run("exactbn properties --exec 'python3 subject' --cases 20 --save ''");
  EXPECT_EQ(laws.status, 1);
  EXPECT_THAT(laws.out, HasSubstr(kLine));
  write("declared", R"({"subject":"s","accumulation":"f16"})"
                    "\n" +
                        small_answer("one") + small_answer("two"));
  const ProgramRun check = run("exactbn check cases declared");
  EXPECT_EQ(check.status, 0);
  EXPECT_THAT(check.out,
              HasSubstr("accumulation  the declared f16 is shorter"));
}

}  // namespace
}  // namespace exactbn
