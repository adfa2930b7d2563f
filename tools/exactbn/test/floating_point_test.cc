// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cfenv>

#include "oracles/subjects/plugin.h"
#include "properties/survey.h"
#include "reference/testing/environments.h"
#include "tools/exactbn/test/program_test.h"
#include "tools/exactbn/testdata/floating_point_results.h"

namespace exactbn {

namespace {

const std::vector<std::string>& expected() {
  static const std::vector<std::string> lines = FloatingPointResults().lines();
  return lines;
}

void expect_same(const std::vector<std::string>& got) {
  ASSERT_EQ(got.size(), expected().size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].substr(0, 2000), expected()[i].substr(0, 2000));
    ASSERT_EQ(got[i], expected()[i]);
  }
}

TEST(FloatingPoint, ResultsAreTheSameInEveryEnvironment) {
  (void)expected();
  for (const auto& [name, settings] : environments()) {
    SCOPED_TRACE(name);
    expect_same(in_environment(settings,
                               [] { return FloatingPointResults().lines(); }));
  }
}

// Its threads start with the settings of the main thread.
TEST_F(ProgramTest, AProgramLinkedWithFastMathGetsTheSameResults) {
  const ProgramRun outcome =
      run("env OMP_NUM_THREADS=3 " EXACTBN_BUILD "/bin/fast_math_results");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
#if defined(__x86_64__)
  EXPECT_EQ(first_line(outcome.out), "flushes");
#endif
  std::string text;
  for (const std::string& line : expected()) text += line + '\n';
  const std::size_t at = outcome.out.find('\n') + 1;
  EXPECT_TRUE(outcome.out.substr(at) == text);
}

// Answers rightly, notes the rounding of its caller, and leaves another one.
class Rude : public Subject {
 public:
  const Declaration& declaration() const override {
    return right_.declaration();
  }
  Answer answer(const Case& c) override {
    others += std::fegetround() == FE_UPWARD ? 0 : 1;
    Answer answer = right_.answer(c);
    std::fesetround(FE_DOWNWARD);
    return answer;
  }
  static inline std::atomic<int> others = 0;

 private:
  DoubleSubject right_;
};

TEST(FloatingPoint, SubjectsAreAskedInTheEnvironmentOfTheCaller) {
  Request request;
  request.cases = 40;
  for (const Law& law : laws()) request.laws.push_back(&law);
  const auto tallies_of = [&](auto make) {
    return survey({make, true}, request).tallies;
  };
  const auto right =
      tallies_of([] { return std::make_unique<DoubleSubject>(); });
  std::fesetround(FE_UPWARD);
  const auto rude = tallies_of([] { return std::make_unique<Rude>(); });
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  Rude subject;
  const Card card = probe(subject);
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(Rude::others, 0);
  EXPECT_EQ(rude, right);
  DoubleSubject polite;
  const Card expected_card = probe(polite);
  for (std::size_t i = 0; i < card.lines.size(); ++i) {
    EXPECT_EQ(card.lines[i].found, expected_card.lines[i].found);
  }
}

// Such as a plugin in this process that leaves subnormals flushed behind in
// threads of OpenMP's pool.
TEST(FloatingPoint, WhatASubjectLeavesInThreadsChangesNothing) {
#pragma omp parallel
  std::fesetround(FE_UPWARD);
  expect_same(FloatingPointResults().lines());
#pragma omp parallel
  std::fesetround(FE_TONEAREST);
}

}  // namespace

}  // namespace exactbn
