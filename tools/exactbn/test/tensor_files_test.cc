// SPDX-License-Identifier: Apache-2.0
// `check` on files of tensors that other software writes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "golden/export/zip_file.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// f32, little-endian.
std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(float)};
}

std::string npy(const std::string& shape, const std::vector<float>& values,
                const std::string& descr = "<f4") {
  const std::string header = "{'descr': '" + descr +
                             "', 'fortran_order': False, 'shape': " + shape +
                             "}";
  return std::string("\x93NUMPY\x01\x00", 8) +
         static_cast<char>(header.size()) + '\0' + header + bytes_of(values);
}

std::string npz(
    const std::vector<std::pair<std::string, std::string>>& arrays) {
  ZipFile zip;
  for (const auto& [name, array] : arrays) zip.add(name + ".npy", array);
  return zip.take();
}

// One channel of -1 and 1, epsilon 3: y is -1/2 and 1/2.
const std::string kX = npy("(2, 1)", {-1, 1});
const std::string kY = npy("(2, 1)", {-0.5, 0.5});
const std::string kWrong = npy("(2, 1)", {-0.5, 0.75});

class TensorFiles : public ProgramTest {};

TEST_F(TensorFiles, OneFileOrSeveral) {
  write("both.npz", npz({{"x", kX}, {"y", kY}}));
  const ProgramRun both = run("exactbn check both.npz --epsilon 3");
  EXPECT_EQ(both.status, 0) << both.err;
  EXPECT_EQ(last_line(both.out),
            "1 run, 1 passed, 0 failed, 0 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
  EXPECT_EQ(both.err,
            "exactbn: both.npz: guessed: operation forward_training, channel "
            "axis 1\n");
  write("x.npy", kX);
  write("y.npy", kY);
  EXPECT_EQ(run("exactbn check x.npy y.npy --epsilon 3").status, 0);
  EXPECT_EQ(run("exactbn check *.npy --eps 0x1.8p1").status, 0);
}

TEST_F(TensorFiles, TheFailureIsRepeatedByItsLine) {
  write("a file.npz", npz({{"input", kX}, {"out", kWrong}, {"n", kX}}));
  const std::string command =
      "exactbn check 'a file.npz' --operation forward_training --epsilon 3 "
      "--channel-axis last --map y=out";
  const ProgramRun failed =
      run(command + " --json r.json --junit r.xml --html r.html");
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(
      failed.out,
      AllOf(HasSubstr("FAIL forward_training f32  a file\n"),
            HasSubstr("got    0x1.8p-1"), HasSubstr("again  " + command)));
  EXPECT_EQ(failed.err,
            "exactbn: a file.npz: guessed: x = input; not used: n\n");
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["schema"], "exactbn/report/1");
  const std::string again = report["failures"][0]["reproduce"];
  EXPECT_EQ(run(again).status, 1) << again;
  EXPECT_THAT(read("r.xml"), HasSubstr("a file"));
  EXPECT_THAT(read("r.html"), HasSubstr("a file"));
}

TEST_F(TensorFiles, AWholeFolderOfOnnxIsJudged) {
  ASSERT_EQ(run("exactbn generate --out onnx --format onnx --filter Edge "
                "--dtype f32 || exactbn generate --out onnx --format onnx "
                "--dtype f32")
                .status,
            0);
  const ProgramRun all = run("exactbn check onnx --require correct");
  EXPECT_EQ(all.status, 0) << all.out << all.err;
  EXPECT_EQ(all.err, "");
  const ProgramRun one =
      run("d=$(ls -d onnx/fwd* | head -n 1); exactbn check $d; exactbn check "
          "$d/test_data_set_0; cp $d/test_data_set_0/input_0.pb "
          "$d/test_data_set_0/output_0.pb; exactbn check $d");
  EXPECT_EQ(one.status, 1) << one.err;
  EXPECT_THAT(one.out, AllOf(HasSubstr("1 run, 1 passed"),
                             HasSubstr("1 run, 0 passed, 1 failed")));
}

// The momentum of a model is the weight of the old statistic, and another
// convention may be declared.
TEST_F(TensorFiles, AModelHasItsConvention) {
  ASSERT_EQ(run("exactbn generate --out onnx --format onnx --dtype f32 "
                "--filter RunningSteps")
                .status,
            0);
  EXPECT_EQ(run("exactbn check onnx").status, 0);
  const ProgramRun other = run("exactbn check onnx --convention pytorch");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("momentum is weight_of_new, by the command "
                                   "line, and not weight_of_old"));
}

struct Refused {
  std::string arguments;
  std::string message;
};

TEST_F(TensorFiles, BadFilesAreNamed) {
  write("good.npz", npz({{"x", kX}, {"y", kY}}));
  write("int.npz", npz({{"x", npy("(2, 1)", {1, 2}, "<i4")}, {"y", kY}}));
  write("bits.npz", npz({{"x", npy("(4, 1)", {1, 2}, "<u2")}, {"y", kY}}));
  write("short.npy", kX.substr(0, kX.size() - 1));
  write("cut.npz", npz({{"x", kX}, {"y", kY}}).substr(0, 200));
  write("nan\x1b[31m.npz", npz({{"x\x1b[31m\n", kX}, {"y", kY}}));
  write("pickle", "\x80\x04\x95");
  write("cases.jsonl", small_case("a"));
  write("answers.jsonl", small_answer("a"));
  ASSERT_EQ(run("mkdir m && touch m/model.onnx").status, 0);
  for (const Refused& bad : std::vector<Refused>{
           {"good.npz",
            "good.npz: epsilon: not in the file; say --epsilon, such as "
            "--epsilon 1e-5"},
           {"good.npz --epsilon -1",
            "--epsilon: expected a number of at least 0, not '-1'"},
           {"good.npz --epsilon nan",
            "--epsilon: expected a finite number, not 'nan'"},
           {"good.npz --epsilon 1e-5x",
            "--epsilon: expected a finite number, not '1e-5x'"},
           {"good.npz --epsilon 1 --momentum big",
            "--momentum: expected a finite number, not 'big'"},
           {"good.npz --epsilon 1 --channel-axis 5",
            "--channel-axis: expected 0 to 4, last, or -1 to -5, not '5'"},
           {"good.npz --epsilon 1 --channel-axis 4",
            "good.npz: channel_axis: 4 is not an axis of 2x1"},
           {"good.npz --epsilon 1 --map x",
            "--map: expected NAME=TENSOR, not 'x'"},
           {"good.npz --epsilon 1 --map x=x,x=y", "--map: x is given twice"},
           {"good.npz --epsilon 1 --stored-as x=f9",
            "--stored-as: expected TENSOR=FORMAT, such as x=bf16, not 'x=f9'"},
           {"good.npz --epsilon 1 --operation train",
            "--operation: unknown operation 'train'; expected "
            "forward_training, forward_inference, backward_training, "
            "backward_inference, jvp_training, double_backward_training"},
           {"int.npz --epsilon 1",
            "int.npz: x: the type is <i4 (integers of 32 bits); expected f64, "
            "f32, f16, bf16, f8e4m3fn or f8e5m2"},
           {"bits.npz --epsilon 1",
            "bits.npz: x: the type is <u2 (unsigned integers of 16 bits); "
            "expected f64, f32, f16, bf16, f8e4m3fn or f8e5m2; if these are "
            "the bits of bf16, say --stored-as x=bf16"},
           {"short.npy --epsilon 1",
            "short.npy: short: 7 bytes of values, expected 8 (2x1 of <f4)"},
           {"cut.npz --epsilon 1",
            "cut.npz: a ZIP archive that is cut off: it has no directory"},
           {"pickle", "pickle: a pickle; save arrays with numpy.savez"},
           {"good.npz good.npz --epsilon 1",
            "good.npz: x: both this and good.npz: x are inputs.x; say which "
            "with --map x="},
           {"good.npz cases.jsonl --epsilon 1",
            "cases.jsonl: text; expected tensors"},
           {"good.npz none --epsilon 1", "none: No such file or directory"},
           {"good.npz m --epsilon 1",
            "good.npz: folders of ONNX and other files together"},
           {"m", "m: no test_data_set_0 beside model.onnx"},
           {"cases.jsonl answers.jsonl --epsilon 1",
            "--epsilon: only for files of tensors; the cases of cases.jsonl "
            "say it"},
           {"cases.jsonl answers.jsonl answers.jsonl",
            "cases.jsonl: 2 files of answers; expected one"},
       }) {
    const ProgramRun outcome = run("exactbn check " + bad.arguments);
    EXPECT_EQ(outcome.status, 2) << bad.arguments;
    EXPECT_EQ(outcome.out, "") << bad.arguments;
    EXPECT_EQ(outcome.err, "exactbn: " + bad.message + "\n");
  }
  EXPECT_EQ(run("exactbn check nan* --epsilon 1").err,
            "exactbn: nan?[31m.npz: x: not in the file; say which tensor it is "
            "with --map x=NAME\n");
}

}  // namespace
}  // namespace exactbn
