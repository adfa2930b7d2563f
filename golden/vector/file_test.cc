// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/export.h"
#include "golden/vector/prove.h"
#include "oracles/wire.h"

namespace exactbn::file_test {
namespace {

using testing::HasSubstr;

const std::vector<OutputFile>& files() {
  static const std::vector<OutputFile> all =
      export_json(prove_each(corpus()), {"1.2.3", "a command"});
  return all;
}

std::string text_of(std::string_view name) {
  for (const OutputFile& file : files()) {
    if (file.name == name) return file.text;
  }
  ADD_FAILURE() << name;
  return {};
}

std::string replaced(std::string text, std::string_view what,
                     std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(VectorFile, ReadsBackWhatItWrote) {
  for (const OutputFile& file : files()) {
    const VectorFile read = read_vectors(file.text);
    EXPECT_EQ(file_name(read), file.name);
    EXPECT_EQ(read.number_of_cases, std::ssize(read.cases));
    EXPECT_TRUE(write_vectors(read) == file.text) << file.name;
  }
}

// This case is refused because the operation has no such input.
TEST(VectorFile, KeepsInputsThatAreRefused) {
  Case question;
  question.id = "inf-f32-00000000";
  question.problem.operation = Operation::forward_inference;
  question.problem.inputs = {{Input::x, Tensor(DType::f32, {2, 1})},
                             {Input::dy, Tensor(DType::f32, {1})}};
  const VectorFile file =
      vector_file(Operation::forward_inference, DType::f32, {"1", "a command"},
                  {prove(question, "An input of another operation.")});
  EXPECT_EQ(read_vectors(write_vectors(file)).cases, file.cases);
}

TEST(VectorFile, RefusesOtherFormats) {
  const std::string good = text_of("forward_training-f32.json");
  const auto expect_refused = [&](std::string_view what, std::string_view by,
                                  const std::string& why) {
    try {
      read_vectors(replaced(good, what, by));
      ADD_FAILURE() << why;
    } catch (const WireError& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  };
  expect_refused("vectors/1", "vectors/2", "schema");
  expect_refused("\"format_version\":1", "\"format_version\":2", "schema");
  expect_refused("\"dtype\"", "\"dtipe\"", "dtipe: unknown field");
  expect_refused(
      "\"command\":", "\"version\":\"1\",\"command\":", "given twice");
  expect_refused("\"comment\":\"", "\"remark\":\"", "remark: unknown field");
  expect_refused("\"residual\":\"+", "\"residual\":\"*",
                 "is not a sign and 16");
  expect_refused("\"residual\":\"+", "\"residual\":\"", "characters, expected");
  expect_refused("\"eta_limit_unit\":[", "\"eta_limit_unit\":[1,", "numbers");
  expect_refused("\"eta_limit\":", "\"eta_limit\":-", "expected a number");
  expect_refused("\"judged\":\"", "\"judged\":\"v", "letters, expected");
  expect_refused("\"exact\":[", "\"exact\":[null,", "elements, expected");
  expect_refused("\"expected\":{\"outputs\"", "\"expected\":{\"output\"",
                 "output: unknown field");
  expect_refused("\"inputs\":{\"x\"", "\"inputs\":{\"z\"",
                 "inputs.z: forward_training has no such input");
  expect_refused("\"outputs\":{\"invstd\"", "\"outputs\":{\"z\"",
                 "expected.z: unknown output");
  expect_refused("\"bits\":\"", "\"bits\":\"X", "hexadecimal digits");
}

TEST(VectorFile, NamesTheRefusedCase) {
  const std::string good = text_of("forward_training-f32.json");
  const VectorFile file = read_vectors(good);
  try {
    read_vectors(replaced(good, "\"expected\":", "\"espected\":"));
    ADD_FAILURE();
  } catch (const WireError& error) {
    EXPECT_EQ(error.what(), "case " + file.cases[0].question.id +
                                ": espected: unknown field");
  }
}

TEST(VectorFile, ReportsWhereVectorsDiffer) {
  const VectorFile file = read_vectors(text_of("forward_training-f32.json"));
  const Vector& proved = file.cases.front();
  EXPECT_EQ(difference(proved, proved), "");
  const auto expect_reported = [&](auto corrupt, const std::string& what) {
    Vector given = proved;
    ExpectedOutput& y = given.expected.outputs.at(Output::y);
    corrupt(given, y);
    EXPECT_THAT(difference(given, proved), HasSubstr(what));
  };
  using Out = ExpectedOutput;
  expect_reported([](Vector& v, Out&) { v.question.id = "fwd"; }, "id: fwd");
  expect_reported([](Vector&, Out& y) { y.values.set_bits(2, 7); },
                  "expected.y.bits[2]: 00000007, proved ");
  expect_reported([](Vector&, Out& y) { y.residuals[1].size ^= 1; },
                  "expected.y.residual[1]: ");
  expect_reported([](Vector&, Out& y) { y.residuals[1].negative ^= true; },
                  "expected.y.residual[1]: ");
  expect_reported([](Vector&, Out& y) { y.units[1] = 1; },
                  "expected.y.eta_limit_unit[1]: 100e-2, proved ");
  expect_reported([](Vector&, Out& y) { y.eta_limit = 8; },
                  "expected.y.eta_limit: 8");
  expect_reported([](Vector&, Out& y) { y.judged[0] = Judged::same; },
                  "expected.y.judged[0]: s, proved v");
  expect_reported([](Vector&, Out& y) { y.exact[0] = "1/7"; },
                  "expected.y.exact[0]: 1/7");
  expect_reported(
      [](Vector& v, Out&) { v.expected.outputs.erase(Output::var); },
      "expected.var: missing");
  expect_reported([](Vector& v, Out& y) { v.expected.outputs[Output::dx] = y; },
                  "expected.dx: not expected");
  expect_reported([](Vector& v, Out&) { v.expected.reject = "no"; },
                  "expected.reject: \"no\"");
  expect_reported([](Vector& v, Out&) { v.variations["x"].reject = "no"; },
                  "variation:x: not expected");
}

}  // namespace
}  // namespace exactbn::file_test
