// SPDX-License-Identifier: Apache-2.0
// Files are written completely or not at all, and nobody else's is touched.
#include <gmock/gmock.h>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::written_files_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class WrittenFiles : public ProgramTest {
 protected:
  WrittenFiles() {
    write("c", small_case("a"));
    write("a", small_answer("a"));
  }
  ProgramRun check(const std::string& flags) const {
    return run("exactbn check c a " + flags);
  }
};

constexpr const char* kBegin = "{\n  \"schema\": \"exactbn/report/1\"";

TEST_F(WrittenFiles, NoOtherFileIsTouched) {
  write("r.json.partial", "mine");
  run("mkfifo x.xml.partial; ln -s r.json.partial h.html.partial");
  const ProgramRun outcome =
      run("timeout 10 sh -c 'exec " EXACTBN_BUILD
          "/bin/exactbn check c a --json r.json --junit x.xml --html h.html'");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(read("r.json.partial"), "mine");
  EXPECT_THAT(read("r.json"), StartsWith(kBegin));
  EXPECT_EQ(files(), (std::set<std::string>{
                         "c", "a", "r.json", "x.xml", "h.html",
                         "r.json.partial", "x.xml.partial", "h.html.partial"}));
}

TEST_F(WrittenFiles, TheModeIsKept) {
  write("r.json", "old");
  EXPECT_EQ(run("chmod 640 r.json && exactbn check c a --json r.json "
                ">/dev/null && stat -c %a r.json")
                .out,
            "640\n");
  EXPECT_EQ(run("umask 027; exactbn check c a --json new >/dev/null; "
                "stat -c %a new")
                .out,
            "640\n");
}

TEST_F(WrittenFiles, ASymbolicLinkIsWrittenThroughOrRefused) {
  run("mkdir d; echo old >d/real; ln -s d/real link; ln -s nowhere dangling");
  EXPECT_EQ(check("--json link").status, 0);
  EXPECT_EQ(run("readlink link").out, "d/real\n");
  EXPECT_THAT(read("d/real"), StartsWith(kBegin));
  EXPECT_EQ(run("ls -A d").out, "real\n");
  const ProgramRun refused = check("--json dangling");
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err,
            "exactbn: dangling: cannot be written: it is a symbolic link to "
            "nothing\n");
}

TEST_F(WrittenFiles, DevicesAndPipesAreWrittenInPlace) {
  EXPECT_EQ(check("--json /dev/null --junit /dev/null").status, 0);
  EXPECT_THAT(run("mkfifo p; cat p >got & exactbn check c a --json p "
                  ">/dev/null; wait; cat got")
                  .out,
              StartsWith(kBegin));
  EXPECT_THAT(
      run("exactbn check c a --json /dev/stderr 2>&1 >/dev/null | cat").out,
      StartsWith(kBegin));
}

TEST_F(WrittenFiles, ALimitForFilesLeavesNothing) {
#if defined(__clang__)
  GTEST_SKIP() << "the OpenMP runtime of LLVM writes a file at its start";
#endif
  write("r.json", "old");
  const ProgramRun outcome =
      run("(ulimit -f 1; exactbn check c a --json r.json)");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "exactbn: r.json: cannot be written: File too large\n");
  EXPECT_EQ(read("r.json"), "old");
  EXPECT_EQ(files(), (std::set<std::string>{"c", "a", "r.json"}));
  EXPECT_EQ(run("(ulimit -f 1; exactbn generate --out g)").status, 2);
  EXPECT_EQ(files(), (std::set<std::string>{"c", "a", "r.json"}));
}

TEST_F(WrittenFiles, TwoRunsWithOneTargetLeaveAWholeFile) {
  for (int i = 0; i < 5; ++i) {
    run("for i in 1 2 3 4 5 6; do exactbn check c a --json r.json & done; "
        "wait");
    EXPECT_THAT(read("r.json"), StartsWith(kBegin));
    EXPECT_EQ(last_line(read("r.json")), "}\n");
  }
  EXPECT_EQ(files(), (std::set<std::string>{"c", "a", "r.json"}));
}

TEST_F(WrittenFiles, NoneHasTwoUses) {
  write("known", "");
  run("ln -s c also_c; ln c hard_c; mkdir d");
  const auto refused = [&](const std::string& command,
                           const std::string& message) {
    const ProgramRun outcome = run("exactbn " + command);
    EXPECT_EQ(outcome.status, 2) << command;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(outcome.err, "exactbn: " + message + "\n") << command;
  };
  const std::string twice = ": cannot be written twice";
  const std::string read = ": cannot be written: this command reads it";
  const std::string check = "check c a ";
  refused(check + "--json r --junit r", "r" + twice);
  refused(check + "--json r --html ./d/../r", "./d/../r" + twice);
  refused(check + "--junit known --html known", "known" + twice);
  refused(check + "--json r --baseline r --update-baseline", "r" + twice);
  refused(check + "--json known --baseline known", "known" + read);
  refused(check + "--json c", "c" + read);
  refused(check + "--junit a", "a" + read);
  refused(check + "--html also_c", "also_c" + read);
  refused(check + "--html hard_c", "hard_c" + read);
  refused("validate double --cases c --json c", "c" + read);
  refused("validate --defects --cases c --json c", "c" + read);
  refused("validate ./a --json a", "a" + read);
  refused("probe ./a --json a", "a" + read);
  refused("properties double --json r --save r", "r" + twice);
  refused("properties ./a --save a", "a" + read);
  refused("properties double --save known --baseline known", "known" + read);
  const ProgramRun stream = run("exactbn check c a --json out >out");
  EXPECT_EQ(stream.status, 2);
  EXPECT_THAT(stream.err, HasSubstr("it is an output of this command"));
}

}  // namespace
}  // namespace exactbn::written_files_test
