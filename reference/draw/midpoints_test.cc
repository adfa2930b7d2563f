// SPDX-License-Identifier: Apache-2.0
#include "reference/draw/midpoints.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "reference/exact.h"
#include "reference/rounded.h"

namespace exactbn::midpoints_test {
namespace {

constexpr std::array kFormats = {DType::f64, DType::f32, DType::f16,
                                 DType::bf16};

// How many ties rounded away from 0 and toward it.
struct Directions {
  int up = 0;
  int down = 0;
};
using Tally = std::map<std::string, Directions, std::less<>>;

std::string name_of(Output output, DType dtype) {
  return std::string(to_string(output)) + ' ' + std::string(format(dtype).name);
}

void expect_tie(const TieProblem& tie, Tally& tally) {
  const auto& [p, output, i, b] = tie;
  require_valid(p);
  const ExactBatchNorm exact(p);
  const Exact value = exact.at(output, i);
  const std::string what =
      name_of(output, b.dtype) + " above " + to_hexfloat(b.below, b.dtype);
  ASSERT_EQ(value.kind, Exact::Kind::number) << what;
  ASSERT_EQ(compare(value.value, b.value()), 0) << "not a tie: " << what;
  ASSERT_EQ(round_to(value, b.dtype), b.even()) << what;
  ASSERT_EQ(exact.rounded(output, b.dtype).bits(i), b.even()) << what;
  ASSERT_EQ(rounded(exact, output, b.dtype).bits(i), b.even()) << what;
  Directions& directions = tally[name_of(output, b.dtype)];
  ++(b.below % 2 == 0 ? directions.down : directions.up);
}

void expect_both_directions(const Tally& tally, std::size_t outputs) {
  EXPECT_EQ(tally.size(), outputs * kFormats.size());
  for (const auto& [what, directions] : tally) {
    EXPECT_GT(directions.up, 10) << what;
    EXPECT_GT(directions.down, 10) << what;
  }
}

using Make = std::vector<TieProblem> (*)(Draw&, DType);

// Returns how many ties lie between 0 and the smallest number.
int expect_ties(Make make, std::uint64_t seed, int trials,
                std::size_t outputs) {
  Draw draw(seed);
  Tally tally;
  int least = 0;
  for (int trial = 0; trial < trials; ++trial) {
    for (const DType dtype : kFormats) {
      for (const TieProblem& tie : make(draw, dtype)) {
        expect_tie(tie, tally);
        if (testing::Test::HasFatalFailure()) return least;
        least += tie.midpoint.below == 0;
      }
    }
  }
  expect_both_directions(tally, outputs);
  return least;
}

TEST(Ties, OfYAndItsDerivativesGoToEven) { expect_ties(ties_of_y, 1, 1000, 3); }

TEST(Ties, OfYGoToEvenDownToTheSmallestSubnormal) {
  EXPECT_GT(expect_ties(ties_of_any_y, 2, 2000, 1), 200);
}

TEST(Ties, OfMeansAndSumsGoToEven) { expect_ties(ties_of_sums, 3, 2000, 4); }

TEST(Ties, OfGradientsGoToEven) { expect_ties(ties_of_gradients, 4, 500, 3); }

TEST(Ties, OfVariancesGoToEven) { expect_ties(ties_of_variance, 5, 100, 2); }

TEST(Ties, OfInvstdGoToEven) {
  Tally tally;
  expect_tie(tie_of_invstd(), tally);
}

}  // namespace
}  // namespace exactbn::midpoints_test
