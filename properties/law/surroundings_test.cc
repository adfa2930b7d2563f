// SPDX-License-Identifier: Apache-2.0
//
// A plugin that depends on its surroundings breaks the law for that dependence
// and no other; a sound plugin breaks none.
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
  r.draw.profile = Profile::small;
  r.draw.operations = {Operation::forward_training};
  r.draw.dtypes = {DType::f32};
  for (const auto& name : {kAlignment, kWritten, kThreads}) {
    r.laws.push_back(find_law(name));
  }
  return r;
}

Source plugin(const std::string& kind) {
  const std::string file =
      EXACTBN_BUILD "/properties/surrounded_" + kind + ".so";
  ProcessOptions options;
  options.has_surroundings = true;
  return {
      [=] {
        return std::make_unique<ProcessSubject>(
            std::vector<std::string>{EXACTBN_BUILD "/bin/serve_plugin", file},
            options);
      },
      false};
}

const Tally& tally(const Survey& s, std::string_view law) {
  return *std::find_if(s.tallies.begin(), s.tallies.end(),
                       [&](const Tally& t) { return t.law == law; });
}

TEST(Surrounded, ASoundPluginBreaksNoLaw) {
  const Survey s = survey(plugin("SOUND"), request(60));
  EXPECT_EQ(s.failed, 0u);
  for (const auto& law : {kAlignment, kWritten, kThreads}) {
    EXPECT_EQ(tally(s, law).held, 60u) << law;
    EXPECT_EQ(tally(s, law).other_bits, 0u) << law;
  }
}

TEST(Surrounded, OtherBitsAreCountedAndBreakNoLaw) {
  const Survey s = survey(plugin("SPLITS"), request(60));
  EXPECT_EQ(s.failed, 0u);
  EXPECT_GT(tally(s, kThreads).other_bits, 0u);
  EXPECT_EQ(tally(s, kAlignment).other_bits, 0u);
}

// The plugin breaks this law alone; checks the message and the size of the
// counterexample.
void expect_found(const std::string& kind, std::string_view law,
                  const std::string& text, std::int64_t most_values) {
  const Source source = plugin(kind);
  const Request r = request(40);
  const Survey s = survey(source, r);
  ASSERT_EQ(s.discoveries.size(), 1u) << kind;
  EXPECT_EQ(s.discoveries[0].violation.law, law) << kind;
  const Counterexample found =
      shrink_discovery(source, r, s.discoveries[0], {200});
  EXPECT_TRUE(found.reproduces) << kind;
  EXPECT_THAT(found.violation.text, ContainsRegex(text)) << kind;
  EXPECT_LE(value_count(found.problem), most_values) << kind;
  EXPECT_EQ(s.broke, found.violation.crashed) << kind;
}

TEST(Surrounded, FindsAssumedAlignment) {
  const std::string wrong =
      "^one element past a 64-byte boundary: got .*, want .* ulp, .*; "
      "64-byte aligned: (passed|undecided)$";
  expect_found("READS_ALIGNED", kAlignment, wrong, 4);
  expect_found("WRITES_ALIGNED", kAlignment,
               "^one element past a 64-byte boundary: error: .* wrote 4 bytes, "
               "4 bytes before the start of y, .*; 64-byte aligned: ",
               4);
  expect_found(
      "NEEDS_ALIGNED", kAlignment,
      "^one element past a 64-byte boundary: error: .*died by signal 6 "
      ".*; 64-byte aligned: ",
      2);
}

TEST(Surrounded, FindsUnwrittenOutputs) {
  const std::string text =
      "^first nan, then .*; the memory held bytes ff, then a5$";
  expect_found("ACCUMULATES", kWritten, text, 2);
  expect_found("SKIPS_TAIL", kWritten, text, 5);
}

TEST(Surrounded, FindsValuesLostByThreads) {
  expect_found("LOSES_TAIL", kThreads,
               "^with 3 threads: got .*; with 1 thread: (passed|undecided)$",
               4);
}

TEST(Surrounded, SubjectsWithoutSurroundingsAreNotAsked) {
  const Source source = {[] { return std::make_unique<DoubleSubject>(); }};
  const Survey s = survey(source, request(20));
  for (const auto& law : {kAlignment, kWritten, kThreads}) {
    EXPECT_EQ(tally(s, law).not_applicable, 20u) << law;
  }
}

}  // namespace
}  // namespace exactbn::surroundings_test
