// SPDX-License-Identifier: Apache-2.0
#include "reference/draw/near_midpoints.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "reference/exact.h"
#include "reference/rounded.h"
#include "reference/testing/digits.h"
#include "reference/testing/nearest.h"
#include "reference/textbook/outputs.h"

namespace exactbn::near_midpoints_test {
namespace {

constexpr std::array kFormats = {DType::f64, DType::f32, DType::f16,
                                 DType::bf16};

using Digits = Digits1000;

struct Nearest {
  std::int64_t log2_distance = 0;  // from answer to midpoint, relative
  int above = 0;                   // away from 0
  int below = 0;
};
using Tally = std::map<std::string, Nearest, std::less<>>;

void expect_side(const HardProblem& hard, Tally& tally) {
  const auto& [p, output, i, m, beyond] = hard;
  require_valid(p);
  const std::uint64_t want = m.bits(beyond);
  const ExactBatchNorm exact(p);
  const Exact value = exact.at(output, i);
  const std::string what =
      std::string(to_string(output)) + ' ' + std::string(format(m.dtype).name);
  ASSERT_EQ(value.kind, Exact::Kind::number);
  ASSERT_EQ(compare(value.value, m.value()), beyond != m.negative ? 1 : -1)
      << what;
  ASSERT_EQ(round_to(value, m.dtype), want) << what;
  ASSERT_EQ(rounded(exact, output, m.dtype).bits(i), want) << what;
  const Digits expected =
      Textbook<Digits>(p).outputs().at(output).reshaped()(i);
  ASSERT_EQ(nearest(expected, m.dtype), to_double(want, m.dtype)) << what;
  const std::int64_t distance = leading_exponent(value.value - m.value()) -
                                leading_exponent({m.value(), 0, 1, 1});
  ASSERT_LE(distance, -100) << what;
  Nearest& t = tally[what];
  ++(beyond ? t.above : t.below);
  t.log2_distance = std::min(t.log2_distance, distance);
}

void expect_both_sides(const Tally& tally) {
  EXPECT_EQ(tally.size(), kFormats.size());
  for (const auto& [what, t] : tally) {
    EXPECT_GT(t.above, 10) << what;
    EXPECT_GT(t.below, 10) << what;
    testing::Test::RecordProperty(what + " log2",
                                  std::to_string(t.log2_distance));
  }
}

using Make = std::vector<HardProblem> (*)(Draw&, DType);

void expect_sides(Make make, std::uint64_t seed) {
  Draw draw(seed);
  Tally tally;
  for (int trial = 0; trial < 150; ++trial) {
    for (const DType dtype : kFormats) {
      for (const HardProblem& hard : make(draw, dtype)) {
        expect_side(hard, tally);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
  expect_both_sides(tally);
}

TEST(HardCases, OfATinyEpsilon) { expect_sides(hard_by_epsilon, 1); }

TEST(HardCases, OfYFromAMidpoint) { expect_sides(hard_y, 2); }

TEST(HardCases, OfInvstdFromAMidpoint) { expect_sides(hard_invstd, 3); }

}  // namespace
}  // namespace exactbn::near_midpoints_test
