// SPDX-License-Identifier: Apache-2.0
// The verbs generate and verify.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::golden_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Golden = ProgramTest;

TEST_F(Golden, IsProvedAsItWasGenerated) {
  const ProgramRun made =
      run("exactbn generate --out v --dtype f16 --operation "
          "backward_training,jvp_training");
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr(" cases in 2 files, "));
  EXPECT_EQ(run("ls v").out,
            "MANIFEST.sha256\nbackward_training-f16.json\n"
            "jvp_training-f16.json\n");
  const ProgramRun verified = run("exactbn verify v");
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("2 files, "));
  EXPECT_THAT(verified.out, HasSubstr(" proved, 0 wrong\n"));
  EXPECT_EQ(run("cd v && sha256sum --quiet -c MANIFEST.sha256").status, 0);
}

TEST_F(Golden, DrawsWhatIsAskedFor) {
  const ProgramRun made = run(
      "exactbn generate --out v --shape 3x2x4 --channel-axis 2 --epsilon 0.5 "
      "--operation forward_training --dtype bf16 --seed 7");
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out.substr(0, 18), "1 cases in 1 files");
  const std::string text = read("v/forward_training-bf16.json");
  EXPECT_THAT(text, HasSubstr("\"command\":\"exactbn generate --shape 3x2x4 "
                              "--channel-axis 2 --epsilon 0.5 --operation "
                              "forward_training --dtype bf16 --seed 7\""));
  EXPECT_THAT(text, HasSubstr("\"shape\":[3,2,4]"));
  EXPECT_THAT(text, HasSubstr("\"channel_axis\":2,"));
  EXPECT_THAT(text, HasSubstr("\"epsilon\":\"3fe0000000000000\""));
  EXPECT_EQ(run("exactbn verify v").status, 0);
}

TEST_F(Golden, ComesAsCasesAndAnswersThatPass) {
  EXPECT_EQ(run("exactbn generate --out v --format jsonl --dtype f32").status,
            0);
  const ProgramRun checked =
      run("exactbn check v/cases.jsonl v/answers.jsonl --require correct");
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_THAT(last_line(checked.out), HasSubstr(" 0 failed, 0 missing"));
}

TEST_F(Golden, NamesTheFirstWrongValue) {
  run("exactbn generate --out v --dtype f16 --operation jvp_training");
  run("sed -i 's/\"bits\":\"3c00/\"bits\":\"3c01/' v/jvp_training-f16.json");
  const ProgramRun verified = run("exactbn verify v --errors 1");
  EXPECT_EQ(verified.status, 1);
  EXPECT_THAT(first_line(verified.out),
              HasSubstr("WRONG jvp_training-f16.json: case jvp-f16-"));
  EXPECT_EQ(run("echo '{' > v/jvp_training-f16.json; exactbn verify v").status,
            2);
  EXPECT_EQ(run("exactbn verify nowhere").status, 2);
  EXPECT_EQ(run("mkdir empty; exactbn verify empty").status, 1);
  EXPECT_EQ(run("mkdir v/folder; exactbn verify v").err,
            "exactbn: v/folder: not a file\n");
}

TEST_F(Golden, RefusesBadUsage) {
  const auto expect_refused = [&](const std::string& options,
                                  const std::string& why) {
    const ProgramRun made = run("exactbn generate --out v " + options);
    EXPECT_EQ(made.status, 2) << options;
    EXPECT_THAT(made.err, HasSubstr(why));
    EXPECT_THAT(files(), IsEmpty());
  };
  expect_refused("--format yaml",
                 "unknown format 'yaml'; expected json, jsonl, npz, "
                 "safetensors, c, onnx, recipe");
  expect_refused("--suite no", "unknown suite 'no'");
  expect_refused("--operation fly", "unknown operation 'fly'");
  expect_refused("--dtype f31", "unknown format 'f31'");
  expect_refused("--filter nothing-like-it", "no case is selected");
  expect_refused("--shape 2x", "'2x' is not a shape such as 2x3x5");
  expect_refused("--shape 3", "x");
  expect_refused("--shape 2x3 --epsilon -1", "epsilon");
  expect_refused("--shape 2x3 --channel-axis 2", "axis");
  expect_refused("--epsilon 1", "--shape");
  expect_refused("--shape 2x3 --suite core", "--suite");
  EXPECT_EQ(run("exactbn generate").status, 2);
}

// The folder appears complete, or not at all.
TEST_F(Golden, IsNotWrittenIfPathsAreTooLong) {
  // The path of the folder is just short enough; those of its files are not.
  const std::size_t longest = 4095;
  const std::size_t suffix = std::string(".partial-XXXXXX").size();
  std::string name = run("pwd").out;
  name.pop_back();
  while (name.size() + suffix < longest) {
    name += '/';
    name.append(std::min<std::size_t>(200, longest - suffix - name.size()),
                'd');
  }
  const std::string parent = name.substr(0, name.rfind('/'));
  ASSERT_EQ(run("mkdir -p " + parent).status, 0);
  const ProgramRun made = run("exactbn generate --dtype f16 --out " + name);
  EXPECT_EQ(made.status, 2) << made.out;
  EXPECT_THAT(made.err, HasSubstr("cannot be written: File name too long"));
  EXPECT_EQ(run("ls -A " + parent).out, "");
}

TEST_F(Golden, IsNotWrittenToAFullDisk) {
  // Limits files to 8 blocks, if the file system supports that. (LLVM's OpenMP
  // runtime itself needs a file of two blocks.)
  const std::string limit = "trap '' XFSZ; ulimit -f 8; ";
  const ProgramRun tried = run(limit + "head -c 99999 /dev/zero >full");
  run("rm full");
  if (tried.err.find("File too large") == std::string::npos) {
    GTEST_SKIP() << "the limit of file sizes has no effect here";
  }
  const ProgramRun full = run(limit + "exactbn generate --out v --dtype f16");
  EXPECT_EQ(full.status, 2) << full.out;
  EXPECT_THAT(full.err, HasSubstr("cannot be written: File too large"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Golden, LeavesAFolderThatIsNotEmptyAlone) {
  run("mkdir v; echo precious > v/file");
  const ProgramRun taken = run("exactbn generate --out v --dtype f16");
  EXPECT_EQ(taken.status, 2);
  EXPECT_THAT(taken.err, HasSubstr("v: cannot be written: it exists"));
  EXPECT_EQ(read("v/file"), "precious\n");
  EXPECT_THAT(files(), ElementsAre("v"));
  EXPECT_EQ(run("exactbn generate --out no/v --dtype f16").status, 2);
}

TEST_F(Golden, MayFillAnEmptyFolder) {
  const ProgramRun made = run("mkdir e; exactbn generate --out e/ --dtype f16");
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(run("exactbn verify e").status, 0);
}

}  // namespace
}  // namespace exactbn::golden_test
