// SPDX-License-Identifier: Apache-2.0
//
// What depends on its surroundings is found by the law that is there for it,
// and by no other of them; what does not is not accused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oracles/subjects/double.h"
#include "oracles/subjects/process.h"
#include "properties/counterexample.h"

namespace exactbn::surroundings_test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr std::string_view kAlignment = "any_alignment";
constexpr std::string_view kWritten = "outputs_fully_written";
constexpr std::string_view kThreads = "any_number_of_threads";

Request request(std::uint64_t cases) {
  Request r;
  r.seed = 4;
  r.cases = cases;
  r.oracle = false;
  r.hunt.profile = Profile::small;
  r.hunt.operations = {Operation::forward_training};
  r.hunt.dtypes = {DType::f32};
  for (const auto& name : {kAlignment, kWritten, kThreads}) {
    r.laws.push_back(find_law(name));
  }
  return r;
}

Source plugin(const std::string& kind) {
  const std::string file =
      std::string(EXACTBN_TEST_PLUGINS) + "/surrounded_" + kind + ".so";
  ProcessOptions options;
  options.has_surroundings = true;
  return {[=] {
            return std::make_unique<ProcessSubject>(
                std::vector<std::string>{EXACTBN_SERVE_PLUGIN, file}, options);
          },
          false};
}

const Tally& tally(const Survey& s, std::string_view law) {
  return *std::find_if(s.tallies.begin(), s.tallies.end(),
                       [&](const Tally& t) { return t.law == law; });
}

TEST(Surrounded, ASoundPluginIsNotAccused) {
  const Survey s = survey(plugin("SOUND"), request(60));
  EXPECT_EQ(s.failed, 0u);
  for (const auto& law : {kAlignment, kWritten, kThreads}) {
    EXPECT_EQ(tally(s, law).holds, 60u) << law;
    EXPECT_EQ(tally(s, law).other_bits, 0u) << law;
  }
}

TEST(Surrounded, OtherBitsAreNotedAndAreNoDefect) {
  const Survey s = survey(plugin("SPLITS"), request(60));
  EXPECT_EQ(s.failed, 0u);
  EXPECT_GT(tally(s, kThreads).other_bits, 0u);
  EXPECT_EQ(tally(s, kAlignment).other_bits, 0u);
}

// The law that is broken, as whose counterexample, and how it is told.
void expect_found(const std::string& kind, std::string_view law,
                  const std::string& text, std::int64_t most_values) {
  const Source source = plugin(kind);
  const Request r = request(40);
  const Survey s = survey(source, r);
  ASSERT_EQ(s.discoveries.size(), 1u) << kind;
  EXPECT_EQ(s.discoveries[0].violation.law, law) << kind;
  const Counterexample found =
      shrink_discovery(source, r, s.discoveries[0], {200});
  EXPECT_TRUE(found.repeats) << kind;
  EXPECT_THAT(found.violation.text, ContainsRegex(text)) << kind;
  EXPECT_LE(value_count(found.problem), most_values) << kind;
  EXPECT_EQ(s.broke, found.violation.crashed) << kind;
}

TEST(Surrounded, AlignmentThatIsTakenForGrantedIsFound) {
  const std::string wrong =
      "^an element past one: got .*, want .* ulp, .*; on a boundary of 64 "
      "bytes: (passed|undecided)$";
  expect_found("READS_ALIGNED", kAlignment, wrong, 4);
  expect_found("WRITES_ALIGNED", kAlignment, wrong, 4);
  expect_found("NEEDS_ALIGNED", kAlignment,
               "^an element past one: error: .*died by signal 6 .*; on a "
               "boundary of 64 bytes: ",
               2);
}

TEST(Surrounded, WhatIsNotWrittenIsFound) {
  const std::string text = "^first nan, then .*: bytes there held ff, then a5$";
  expect_found("ACCUMULATES", kWritten, text, 2);
  expect_found("SKIPS_TAIL", kWritten, text, 5);
}

TEST(Surrounded, WhatThreadsLoseIsFound) {
  expect_found("LOSES_TAIL", kThreads,
               "^of 3: got .*; of 1 thread: (passed|undecided)$", 4);
}

TEST(Surrounded, WhatHasNoneIsNotAsked) {
  const Source source = {[] { return std::make_unique<DoubleSubject>(); }};
  const Survey s = survey(source, request(20));
  for (const auto& law : {kAlignment, kWritten, kThreads}) {
    EXPECT_EQ(tally(s, law).not_applicable, 20u) << law;
  }
}

}  // namespace
}  // namespace exactbn::surroundings_test
