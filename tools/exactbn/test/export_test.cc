// SPDX-License-Identifier: Apache-2.0
// The formats of generate, read by the software that they are for.
#include <gmock/gmock.h>

#include <string>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::export_test {
namespace {

using testing::HasSubstr;

class Export : public ProgramTest {
 protected:
  // Writes the same cases in a format, to a folder with its name.
  void generate(const std::string& format) const {
    const ProgramRun made = run("exactbn generate --out " + format +
                                " --format " + format + kSelection);
    ASSERT_EQ(made.status, 0) << made.err;
    ASSERT_EQ(
        run("cd " + format + " && sha256sum --quiet -c MANIFEST.sha256").status,
        0);
  }

  // A python3 with the module; empty if there is none.
  std::string python_with(const std::string& module) const {
    for (const std::string python : {"python3", "/usr/bin/python3"}) {
      if (run(python + " -c 'import " + module + "'").status == 0) {
        return python + " -B ";
      }
    }
    return {};
  }

  const std::string kSelection =
      " --operation forward_training,jvp_training --dtype f32,bf16 --filter 1";
  const std::string kReader =
      EXACTBN_SOURCE "/golden/python/read_arrays.py json ";
};

TEST_F(Export, NpzHoldsWhatJsonHolds) {
  const std::string python = python_with("numpy");
  if (python.empty()) GTEST_SKIP() << "no numpy";
  generate("json");
  generate("npz");
  const ProgramRun same = run(python + kReader + "npz");
  EXPECT_EQ(same.status, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr(" arrays are the same"));
}

TEST_F(Export, SafetensorsHoldWhatJsonHolds) {
  const std::string python = python_with("json");
  if (python.empty()) GTEST_SKIP() << "no python3";
  generate("json");
  generate("safetensors");
  const ProgramRun same = run(python + kReader + "safetensors");
  EXPECT_EQ(same.status, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr(" arrays are the same"));
  const std::string file = "safetensors/forward_training-f32.safetensors";
  run("printf '\\377' | dd of=" + file +
      " conv=notrunc bs=1 seek=$(( $(wc -c < " + file + ") - 1 ))");
  EXPECT_EQ(run(python + kReader + "safetensors").status, 1);
}

// Counts the right values that are refused, and the far ones that pass.
constexpr const char* kReaderInC = R"(
#include <stdio.h>

#include "forward_training-bf16.h"
#include "forward_training-f32.h"
#include "jvp_training-f32.h"

static int values, refused, undecided, forgiven;

static void judge(const exactbn_output *o) {
  size_t i;
  for (i = 0; i < o->values.size; ++i) {
    const uint64_t want = exactbn_bits(&o->values, i);
    const uint64_t sign = (uint64_t)1 << (o->values.width - 1);
    const int away = exactbn_right(o, i, want ^ sign);
    ++values;
    refused += exactbn_right(o, i, want) != 1;
    undecided += away < 0;
    forgiven += away > 0;
  }
}

static void read_all(const exactbn_vectors *v) {
  size_t c, a, o;
  for (c = 0; c < v->cases; ++c) {
    const exactbn_case *test = &v->test[c];
    const exactbn_tensor *x = exactbn_input(test, "x");
    if (x == NULL || exactbn_double(test->epsilon) < -1) refused += 1000;
    for (a = 0; a < test->answers; ++a) {
      const exactbn_answer *answer = &test->answer[a];
      if (exactbn_find_output(answer, "nothing") != NULL) refused += 1000;
      for (o = 0; o < answer->outputs; ++o) judge(&answer->output[o]);
    }
  }
}

int main(void) {
  read_all(&exactbn_forward_training_bf16);
  read_all(&exactbn_forward_training_f32);
  read_all(&exactbn_jvp_training_f32);
  printf("%d values, %d refused, ", values, refused);
  printf("undecided %d%%, forgiven %d%%\n", 100 * undecided / values,
         100 * forgiven / values);
  return refused != 0;
}
)";

TEST_F(Export, CIsReadByCAndByCxx) {
  generate("c");
  write("t.c", kReaderInC);
  const std::string options = " -Wall -Wextra -pedantic -Werror -Ic -o t ";
  for (const std::string compiler :
       {"gcc -std=c99", "clang -std=c99", "g++ -std=c++11 -xc++",
        "clang++ -std=c++11 -xc++"}) {
    const std::string name = compiler.substr(0, compiler.find(' '));
    if (run(name + " --version").status != 0) continue;
    const ProgramRun built = run(compiler + options + "t.c");
    ASSERT_EQ(built.status, 0) << compiler << built.err;
    const ProgramRun ran = run("./t");
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr(" values, 0 refused, undecided 0%, "));
  }
}

// The ulp of the exact value 0 is the smallest number: a permitted error
// divided by it would be infinite.
TEST_F(Export, CForgivesAnErrorBeside0InF64) {
  generate("c");
  write("t.c", R"(
#include "exactbn_vectors.h"

int main(void) {
  const uint64_t zero = 0;
  const uint64_t unit = 0x3ff0000000000000u; /* 1 */
  const exactbn_output o = {
      {"y", "f64", 64, 53, 1, {1}, 1, &zero}, &zero, &unit, "v",
      0x4020000000000000u}; /* 8 */
  return 10 * exactbn_right(&o, 0, 0x401e000000000000u) + /* 7.5 */
         exactbn_right(&o, 0, 0x4021000000000000u);       /* 8.5 */
}
)");
  ASSERT_EQ(run("gcc -std=c99 -Ic -o t t.c").status, 0);
  EXPECT_EQ(run("./t").status, 10);
}

TEST_F(Export, OnnxHoldsWhatJsonHolds) {
  const std::string python = python_with("onnx");
  if (python.empty()) GTEST_SKIP() << "no onnx";
  const std::string selection =
      " --operation forward_training,forward_inference --dtype f32,bf16";
  const ProgramRun made =
      run("exactbn generate --out o --format onnx" + selection);
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("cases left out: invalid input\n"));
  EXPECT_THAT(made.out, HasSubstr("cases left out: no cumulative average\n"));
  EXPECT_EQ(run("cd o && sha256sum --quiet -c MANIFEST.sha256").status, 0);
  run("exactbn generate --out j --convention onnx" + selection);
  const ProgramRun same =
      run(python + EXACTBN_SOURCE "/golden/python/read_onnx.py j o");
  EXPECT_EQ(same.status, 0) << same.out << same.err;
}

// float(0.1) is 3fb99999a0000000.
TEST_F(Export, WritesTheConventionsOfFrameworks) {
  const std::string python = python_with("json");
  const std::pair<std::string, std::string> dialects[] = {
      {"pytorch", "3fb99999a0000000"},
      {"keras", "3feccccccc000000"},
      {"onnx", "3fecccccc0000000"},
      {"onednn", ""},
      {"cudnn", "3fb99999a0000000"}};
  for (const auto& [name, momentum] : dialects) {
    const std::string selection =
        " --shape 5x3x4 --dtype f32 --operation forward_training "
        "--convention " +
        name;
    const ProgramRun made = run("exactbn generate --out " + name + selection +
                                " && exactbn verify " + name);
    EXPECT_EQ(made.status, 0) << made.out << made.err;
    if (!python.empty()) {
      const ProgramRun again =
          run(python + EXACTBN_SOURCE "/golden/python/verify_all.py " + name);
      EXPECT_EQ(again.status, 0) << again.out;
    }
    const std::string text = read(name + "/forward_training-f32.json");
    EXPECT_THAT(text, HasSubstr("\"convention\":{"));
    if (momentum.empty()) {
      EXPECT_EQ(text.find("\"running_mean\""), std::string::npos);
    } else {
      EXPECT_THAT(text, HasSubstr("\"dialect\":{\"momentum\":\"" + momentum));
    }
    EXPECT_EQ(run("exactbn generate --format jsonl --out l" + name + selection +
                  " && exactbn check l" + name + "/cases.jsonl l" + name +
                  "/answers.jsonl --require correct")
                  .status,
              0)
        << name;
  }
  run("exactbn generate --out s --format safetensors --shape 5x3x4 --dtype f32 "
      "--operation forward_training --convention keras");
  const std::string tensors = read("s/forward_training-f32.safetensors");
  EXPECT_THAT(tensors, HasSubstr("weight of the old statistic"));
  run("sed -i 's/3feccccccc000000/3feccccccc000001/' "
      "keras/forward_training-f32.json");
  EXPECT_THAT(run("exactbn verify keras").out,
              HasSubstr("dialect.momentum: 3feccccccc000001, proved "
                        "3feccccccc000000"));
}

TEST_F(Export, ProvesAllCasesInAConvention) {
  const ProgramRun made =
      run("exactbn generate --out k --convention keras --dtype f16 --operation "
          "forward_training && exactbn verify k");
  EXPECT_EQ(made.status, 0) << made.out << made.err;
  EXPECT_EQ(made.out.find("cannot be represented"), std::string::npos)
      << made.out;
  EXPECT_THAT(read("k/forward_training-f16.json"), HasSubstr("\"dialect\":"));
  const std::string python = python_with("json");
  if (python.empty()) GTEST_SKIP() << "no python3";
  const ProgramRun again =
      run(python + EXACTBN_SOURCE "/golden/python/verify_all.py k");
  EXPECT_EQ(again.status, 0) << again.out;
}

TEST_F(Export, RefusesUnknownConventions) {
  const auto expect_refused = [&](const std::string& options,
                                  const std::string& why) {
    const ProgramRun made = run("exactbn generate --out v " + options);
    EXPECT_EQ(made.status, 2) << options;
    EXPECT_THAT(made.err, HasSubstr(why));
  };
  expect_refused("--convention no",
                 "unknown convention 'no'; expected pytorch, tensorflow, "
                 "keras,");
  expect_refused("--convention caffe", "unknown convention 'caffe'");
  expect_refused("--convention keras --format onnx", "uses that of onnx");
  expect_refused("--format onnx --operation jvp_training", "no case is left");
}

TEST_F(Export, RecipesAreVerifiedInPython) {
  const std::string python = python_with("json");
  const ProgramRun made = run(
      "exactbn generate --out r --format recipe --shape 3x2x5 --channel-axis "
      "2 --seed 18446744073709551615 && exactbn verify r");
  EXPECT_EQ(made.status, 0) << made.out << made.err;
  EXPECT_THAT(made.out, HasSubstr("24 cases in 24 files, "));
  EXPECT_THAT(made.out, HasSubstr("24 files, 24 cases, "));
  if (!python.empty()) {
    const ProgramRun again =
        run(python + EXACTBN_SOURCE "/golden/python/verify_all.py r");
    EXPECT_EQ(again.status, 0) << again.out << again.err;
  }
  run("sed -i '/^\"outputs/s/\"sha256\":\"./\"sha256\":\"g/' "
      "r/recipe-jvp_training-f16-3x2x5.json");
  const ProgramRun spoiled = run("exactbn verify r");
  EXPECT_EQ(spoiled.status, 1);
  EXPECT_THAT(first_line(spoiled.out),
              HasSubstr("WRONG recipe-jvp_training-f16-3x2x5.json: "
                        "/outputs/y_dot/sha256: "));
  run("sed -i 's/counter/counted/' r/recipe-jvp_training-f16-3x2x5.json");
  const ProgramRun refused = run("exactbn verify r");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("r/recipe-jvp_training-f16-3x2x5.json: "
                                     "recipe.inputs: expected counter/1"));
}

TEST_F(Export, RecipesOfLargeCasesDoNotDependOnTheNumberOfThreads) {
  for (const std::string jobs : {"1", "7"}) {
    const ProgramRun made =
        run("exactbn generate --format recipe --shape 8x16x56x56 --dtype f32 "
            "--operation forward_training,backward_training --out v" +
            jobs + " --jobs " + jobs);
    EXPECT_EQ(made.status, 0) << made.err;
  }
  EXPECT_EQ(run("diff -r v1 v7").out, "");
  EXPECT_EQ(run("exactbn verify v1").status, 0);
  for (const std::string bad :
       {"", "--shape 3", "--shape 2x3 --epsilon -1", "--shape 99999x99999",
        "--shape 2x3 --convention keras"}) {
    EXPECT_EQ(run("exactbn generate --format recipe --out w " + bad).status, 2)
        << bad;
  }
  EXPECT_THAT(files(), testing::ElementsAre("v1", "v7"));
}

TEST_F(Export, DoesNotDependOnTheNumberOfThreads) {
  for (const std::string format :
       {"json", "jsonl", "npz", "safetensors", "c", "onnx"}) {
    for (const std::string jobs : {"1", "7"}) {
      EXPECT_EQ(run("exactbn generate --out " + format + jobs + " --format " +
                    format + " --shape 5x3x4 --jobs " + jobs)
                    .status,
                0);
    }
    EXPECT_EQ(run("diff -r " + format + "1 " + format + "7").out, "") << format;
  }
}

}  // namespace
}  // namespace exactbn::export_test
