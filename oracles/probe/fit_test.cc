// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace exactbn::fit_test {

using namespace probing;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(ProbeFit, DistanceIsAPartOfTheLargestValue) {
  EXPECT_EQ(distance({1, -8}, {1, -8}), 0);
  EXPECT_EQ(distance({1, -8}, {3, -8}), 0.25);
  EXPECT_EQ(distance({3, -8}, {1, -8}), 0.25);
  EXPECT_EQ(distance({0}, {0x1p-1000}), 1);
  EXPECT_EQ(distance({NAN, kInf, 1}, {NAN, kInf, 1}), 0);
  EXPECT_EQ(distance({NAN}, {1}), kInf);
  EXPECT_EQ(distance({kInf}, {-kInf}), kInf);
  EXPECT_EQ(distance({1, 2}, {1}), kInf);
}

// f16 statistics have the error of f16; f32 statistics have the error of a sum
// of several values.
TEST(ProbeFit, RoundingIsThatOfTheShortestFormat) {
  Encoding encoding;
  EXPECT_EQ(rounding_of(encoding), 0x1p-13);
  encoding.dtype = DType::f64;
  EXPECT_EQ(rounding_of(encoding), 0x1p-13);
  encoding.dtype = DType::f16;
  EXPECT_EQ(rounding_of(encoding), 0x1p-9);
  encoding.dtype = DType::f32;
  encoding.parameters = DType::bf16;
  EXPECT_EQ(rounding_of(encoding), 0x1p-6);
}

const std::vector<Hypothesis> kThree = {
    {"momentum", {7, 1}}, {"1 - momentum", {5, 1}}, {"momentum", {9, 1}}};

TEST(ProbeFit, NamesWhatFits) {
  EXPECT_EQ(fitting(kThree, {7, 1}, 0.01), "momentum");
  EXPECT_EQ(fitting(kThree, {5.01, 1}, 0.01), "1 - momentum");
  EXPECT_EQ(fitting(kThree, {9, 1}, 0.01), "momentum");
  EXPECT_EQ(fitting(kThree, {6, 1}, 0.01), kSomethingElse);
  EXPECT_EQ(fitting(kThree, {NAN, 1}, 0.01), kSomethingElse);
  EXPECT_EQ(fitting(kThree, {6, 1}, 0.25), "momentum or 1 - momentum");
  EXPECT_EQ(all_fitting(kThree, {7, 1}, 0.3),
            (std::vector<std::string>{"momentum", "1 - momentum"}));
}

TEST(ProbeFit, ComparesWhereTheyDiffer) {
  EXPECT_EQ(compared({{"a", {1, 2}}, {"b", {1, 3}}}, {1, 4}), "4; a: 2, b: 3");
  EXPECT_EQ(compared(kThree, {6, 1}),
            "6; momentum: 7, 1 - momentum: 5, momentum: 9");
}

TEST(ProbeFit, ListsTheFirstValues) {
  EXPECT_EQ(listed({1, 2.5, NAN}), "1, 2.5, nan");
  EXPECT_EQ(listed({1, 2, 3, 4, 5}), "1, 2, 3, 4, ...");
}

TEST(ProbeFit, SummarizesTheMajority) {
  EXPECT_EQ(summary({{"f32", "keep"}, {"f64", "keep"}}), "keep");
  EXPECT_EQ(summary({{"bf16", "flush"}, {"f32", "keep"}, {"f64", "keep"}}),
            "keep; flush in bf16");
  EXPECT_EQ(by_place({{"f32", "keep"}, {"f64", "keep"}}), "keep");
  EXPECT_EQ(by_place({{"f64", "f64"}, {"f32", "f32"}, {"bf16", "f32"}}),
            "f64 for f64; f32 for f32, bf16");
}

TEST(ProbeFit, OnlyAnotherWordDisagrees) {
  CardLine line;
  conclude(line, "biased");
  EXPECT_TRUE(line.agrees);  // nothing is declared
  line.declared = "unbiased";
  conclude(line, "unbiased or unbiased, plus epsilon");
  EXPECT_TRUE(line.agrees);
  conclude(line, "biased or unbiased twice");
  EXPECT_FALSE(line.agrees);
  conclude(line, "biased");
  EXPECT_FALSE(line.agrees);
  EXPECT_EQ(line.found, "biased");
  for (const std::string& word :
       {std::string("unbiased"), std::string(kNotOffered),
        std::string(kCannotTell)}) {
    conclude(line, word);
    EXPECT_TRUE(line.agrees) << word;
  }
  conclude(line, std::string(kSomethingElse));
  EXPECT_FALSE(line.agrees);
}

}  // namespace
}  // namespace exactbn::fit_test
