// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/serve.h"

#include <gtest/gtest.h>

#include <sstream>

#include "oracles/wire.h"

namespace exactbn::serve_test {
namespace {

// Answers with the number of the call; fails on the case "fails".
class Counter : public Subject {
 public:
  Counter() {
    declaration_.subject = "counter";
    declaration_.dtypes = {DType::f64};
  }
  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override {
    if (c.id == "fails") throw std::runtime_error("out of memory");
    return {Answer::Kind::rejected, std::to_string(++calls_), {}};
  }

 private:
  Declaration declaration_;
  int calls_ = 0;
};

std::string case_line(std::string id, DType dtype) {
  Case c{std::move(id), {}, {}};
  c.problem.momentum = 0.125;
  c.problem.inputs.emplace(Input::x, Tensor(dtype, {2, 3}));
  return write_case(c) + '\n';
}

std::vector<std::string> served(const std::string& cases) {
  Counter subject;
  std::istringstream in(cases);
  std::stringstream out;
  EXPECT_EQ(serve(subject, in, out), 0);
  std::vector<std::string> lines;
  for (std::string line; std::getline(out, line);) lines.push_back(line);
  return lines;
}

TEST(Serve, DeclaresTheSubjectFirst) {
  const auto lines = served("");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(read_declaration(lines[0]).subject, "counter");
}

TEST(Serve, AnswersEveryLineInOrder) {
  const std::string broken = case_line("b", DType::f64).substr(0, 90) + '\n';
  const auto lines = served(
      case_line("a", DType::f64) + broken + case_line("c", DType::f16) +
      case_line("fails", DType::f64) + "hello\n" + case_line("d", DType::f64));
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines[1], R"({"case":"a","rejected":"1"})");
  EXPECT_EQ(lines[2],
            R"({"case":"b","error":"case b: epsilon: the line ends too early, )"
            R"(after 90 bytes"})");
  EXPECT_EQ(lines[3], R"({"case":"c","unsupported":"no f16"})");
  EXPECT_EQ(lines[4], R"({"case":"fails","error":"out of memory"})");
  EXPECT_EQ(lines[5],
            R"({"case":"?","error":"not JSON at byte 1: \"hello\""})");
  EXPECT_EQ(lines[6], R"({"case":"d","rejected":"2"})");
}

TEST(Serve, ASubjectWithoutSurroundingsSaysSo) {
  const auto lines =
      served("{\"surroundings\":{\"past\":1}}\n" + case_line("a", DType::f64) +
             case_line("b", DType::f64) + "{\"surroundings\":{\"pest\":1}}\n");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1],
            R"({"case":"a","error":"surroundings are not supported"})");
  EXPECT_EQ(lines[2], R"({"case":"b","rejected":"1"})");
  EXPECT_EQ(lines[3], R"({"case":"?","error":"surroundings: unknown field"})");
}

TEST(Serve, FailsIfAnswersCannotBeWritten) {
  Counter subject;
  std::istringstream in(case_line("a", DType::f64));
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(serve(subject, in, out), 1);
}

}  // namespace
}  // namespace exactbn::serve_test
