// SPDX-License-Identifier: Apache-2.0
#include "oracles/output_format.h"

#include <gtest/gtest.h>

#include "oracles/check.h"
#include "oracles/wire.h"

namespace exactbn::output_format_test {
namespace {

Problem problem(std::optional<DType> parameters) {
  Problem p;
  p.operation = Operation::forward_inference;
  const std::vector<double> one = {1};
  p.inputs[Input::x] = make_tensor(DType::bf16, {1, 1}, one);
  for (const Input name : {Input::running_mean, Input::running_var}) {
    p.inputs[name] = make_tensor(parameters.value_or(DType::f32), {1}, one);
  }
  return p;
}

Answer answer(DType dtype) {
  Answer a;
  const std::vector<double> zero = {0};
  a.outputs[Output::y] = make_tensor(dtype, {1, 1}, zero);
  return a;
}

CaseVerdict verdict(const std::string& word, DType got) {
  const Declaration d = read_declaration(
      R"({"subject":"s","output_dtypes":{"y":")" + word + R"("}})");
  EXPECT_EQ(read_declaration(write_declaration(d)), d);
  return check({"c", problem(DType::f32), {}}, d, answer(got),
               Grade::sequential);
}

TEST(OutputFormat, FailsInAnotherThanDeclared) {
  EXPECT_EQ(verdict("same", DType::bf16).verdict, Verdict::passed);
  EXPECT_EQ(verdict("parameters", DType::f32).verdict, Verdict::passed);
  EXPECT_EQ(verdict("f64", DType::f64).verdict, Verdict::passed);
  const CaseVerdict wrong = verdict("same", DType::f32);
  EXPECT_EQ(wrong.verdict, Verdict::failed);
  EXPECT_EQ(wrong.reason, "y is f32, but bf16 is declared");
}

TEST(OutputFormat, IsFreeIfNoneIsDeclared) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    EXPECT_EQ(
        check({"c", problem({}), {}}, {}, answer(dtype), Grade::sequential)
            .verdict,
        Verdict::passed);
  }
}

TEST(OutputFormat, OfParametersIsThatOfXWithoutAny) {
  Declaration d;
  d.output_dtypes[Output::y] = {OutputFormat::As::parameters};
  Problem p;
  const std::vector<double> one = {1};
  p.inputs[Input::x] = make_tensor(DType::f16, {1, 1}, one);
  EXPECT_EQ(declared_format(d, p, Output::y), DType::f16);
  EXPECT_EQ(declared_format(d, p, Output::mean), std::nullopt);
}

TEST(OutputFormat, IsAKnownWord) {
  EXPECT_THROW(
      read_declaration(R"({"subject":"s","output_dtypes":{"y":"float"}})"),
      WireError);
  EXPECT_THROW(
      read_declaration(R"({"subject":"s","output_dtypes":{"z":"f32"}})"),
      WireError);
}

}  // namespace
}  // namespace exactbn::output_format_test
