// SPDX-License-Identifier: Apache-2.0
// The readers in golden/consumers: each judges a kernel of its own or other
// software, and must find a known mistake in it.
#include <gmock/gmock.h>

#include <string>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::consumers_test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

const std::string kConsumers = EXACTBN_SOURCE "/golden/consumers/";

class Consumers : public ProgramTest {
 protected:
  bool has(const std::string& command) const {
    return run(command + " >/dev/null 2>&1").status == 0;
  }
  void generate(const std::string& format, const std::string& more) const {
    const ProgramRun made =
        run("exactbn generate --out v --format " + format + more);
    ASSERT_EQ(made.status, 0) << made.err;
  }
  // The right kernel passes, and the one that loses digits does not.
  void expect_judged(const std::string& command) const {
    const ProgramRun right = run(command);
    EXPECT_EQ(right.status, 0) << right.out << right.err;
    EXPECT_THAT(right.out, HasSubstr("values, 0 wrong"));
    const ProgramRun wrong = run(command + " --fast");
    EXPECT_EQ(wrong.status, 1) << wrong.out << wrong.err;
    EXPECT_THAT(wrong.out, HasSubstr("worst eta 2.97e+"));
  }
};

TEST_F(Consumers, JavaScriptReadsJson) {
  if (!has("node --version")) GTEST_SKIP() << "no node";
  expect_judged("node " + kConsumers +
                "json.js " EXACTBN_SOURCE
                "/golden/v1/forward_training-f32.json");
}

TEST_F(Consumers, CReadsTheHeader) {
  if (!has("gcc --version")) GTEST_SKIP() << "no gcc";
  generate("c", " --operation forward_training --dtype f32");
  const ProgramRun built =
      run("gcc -std=c99 -Wall -Wextra -pedantic -Werror -Iv -o t " +
          kConsumers + "header.c -lm");
  ASSERT_EQ(built.status, 0) << built.err;
  expect_judged("./t");
}

TEST_F(Consumers, NumpyReadsNpz) {
  if (!has("/usr/bin/python3 -c 'import numpy'")) {
    GTEST_SKIP() << "no python3-numpy";
  }
  generate("npz", " --operation forward_training --dtype f32");
  expect_judged("/usr/bin/python3 -B " + kConsumers + "npz_numpy.py v");
}

// What it finds in torch depends on the version, so it cannot fail this test.
TEST_F(Consumers, TorchIsJudgedByNpz) {
  if (!has("/usr/bin/python3 -c 'import numpy, torch'")) {
    GTEST_SKIP() << "no python3-torch";
  }
  generate("npz", " --dtype f32");
  const ProgramRun found = run("OMP_NUM_THREADS=1 /usr/bin/python3 -B " +
                               kConsumers + "npz_torch.py v");
  EXPECT_THAT(found.status, AnyOf(0, 1));
  EXPECT_THAT(found.err, Not(HasSubstr("Traceback")));
  for (const char* judged :
       {"forward_training f32 y: ", "forward_inference f32 y: ",
        "backward_training f32 dx: ", "backward_inference f32 dgamma: "}) {
    EXPECT_THAT(found.out, HasSubstr(judged));
  }
  // With frozen statistics and ordinary values every version has a right dx.
  EXPECT_THAT(found.out, HasSubstr("backward_inference f32 dx: 633 values, 0 "
                                   "wrong"));
}

// What it finds in ONNX Runtime depends on the version, too. But every version
// solves this case, and does not if a byte of gamma is changed.
TEST_F(Consumers, OnnxRuntimeIsJudgedByOnnxAndJson) {
  const std::string folder = kConsumers + "onnx_runtime/";
  if (!has("cd " + folder + " && node -e 'require(\"onnxruntime-node\")'")) {
    GTEST_SKIP() << "no onnxruntime-node";
  }
  const std::string judge = "node " + folder + "judge.js v j";
  const auto generate_both = [&](const std::string& selection) {
    generate("onnx", selection);
    const ProgramRun made =
        run("exactbn generate --out j --convention onnx" + selection);
    ASSERT_EQ(made.status, 0) << made.err;
  };
  generate_both(" --dtype f32 --operation forward_training,forward_inference");
  const ProgramRun found = run(judge);
  EXPECT_THAT(found.status, AnyOf(0, 1));
  EXPECT_THAT(found.err, "");
  EXPECT_THAT(found.out, HasSubstr("forward_inference f32 Y: 621 values, "));
  EXPECT_THAT(found.out, HasSubstr("forward_training f32 running_var: "));
  EXPECT_THAT(found.out, Not(HasSubstr("expect another value")));
  run("rm -r v j");
  generate_both(" --filter fwd-f32-9f05140b");
  const ProgramRun right = run(judge);
  EXPECT_EQ(right.status, 0) << right.out << right.err;
  EXPECT_THAT(right.out, HasSubstr("f32 Y: 10 values, 0 wrong"));
  run("cd v/*/test_data_set_0 && printf '\\100' | dd of=input_1.pb "
      "conv=notrunc bs=1 seek=$(( $(wc -c < input_1.pb) - 1 ))");
  EXPECT_EQ(run(judge).status, 1);
}

}  // namespace
}  // namespace exactbn::consumers_test
