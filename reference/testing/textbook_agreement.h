// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compares exact values with the textbook's in any type with hundreds of
// digits. Include boost/multiprecision/eigen.hpp first, as for the textbook.
#include <gtest/gtest.h>

#include <limits>

#include "reference/exact.h"
#include "reference/testing/any_problem.h"
#include "reference/testing/nearest.h"
#include "reference/testing/trials.h"
#include "reference/textbook/outputs.h"

namespace exactbn {

// How many values agreed, by kind.
struct Tally {
  int values = 0;
  int second_order = 0;
  int subnormal = 0;
  int needed_more_digits = 0;
};

// `Digits` holds hundreds of digits, `MoreDigits` 3000.
template <class Digits, class MoreDigits>
void compare_with_textbook(const Problem& problem, Tally& tally) {
  const ExactBatchNorm exact(problem);
  const DType dtype = problem.x().dtype();
  const bool second_order = problem.direction() != nullptr;
  const auto outputs = Textbook<Digits>(problem).outputs();
  Outputs<MoreDigits> precise;
  for (const auto& [name, expected] : outputs) {
    for (std::int64_t i = 0; i < expected.size(); ++i) {
      const std::int64_t r = i / expected.cols();
      const std::int64_t c = i % expected.cols();
      const Exact value = exact.at(name, i);
      if (value.kind != Exact::Kind::number) continue;
      const std::uint64_t bits = round_to(value, dtype);
      // Values that are too large count as infinities, even if the format has
      // none.
      const double infinity = std::numeric_limits<double>::infinity();
      const double got = is_finite(bits, dtype)     ? to_double(bits, dtype)
                         : is_negative(bits, dtype) ? -infinity
                                                    : infinity;
      ++tally.values;
      if (second_order) ++tally.second_order;
      const std::uint64_t smallest_normal = std::uint64_t{1}
                                            << (format(dtype).precision - 1);
      const std::uint64_t size = magnitude(bits, dtype);
      if (size > 0 && size < smallest_normal) ++tally.subnormal;
      if (got == nearest(expected(r, c), dtype)) continue;
      // Hundreds of digits are too few if exponents far apart cancel, or if the
      // exact value is 0; 3000 are enough.
      ++tally.needed_more_digits;
      if (precise.empty()) precise = Textbook<MoreDigits>(problem).outputs();
      ASSERT_EQ(got, nearest(precise.at(name)(r, c), dtype))
          << to_string(problem.operation) << ' ' << format(dtype).name << ' '
          << name << '[' << i << "] = " << precise.at(name)(r, c).str(40);
    }
  }
}

// Compares problems of all operations and formats until enough values have
// agreed.
template <class Digits, class MoreDigits>
void expect_agreement_with_textbook() {
  Draw draw(20);
  Tally tally;
  for (int trial = 0; tally.values < trials(120'000); ++trial) {
    for (const Operation operation : kOperations) {
      for (const DType dtype : kDTypes) {
        compare_with_textbook<Digits, MoreDigits>(
            any_problem(draw, operation, dtype), tally);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
  testing::Test::RecordProperty("values", tally.values);
  testing::Test::RecordProperty("second_order", tally.second_order);
  testing::Test::RecordProperty("subnormal", tally.subnormal);
  testing::Test::RecordProperty("needed_more_digits", tally.needed_more_digits);
  EXPECT_GT(tally.second_order, trials(20'000));
  EXPECT_GT(tally.subnormal, trials(2000));
  EXPECT_LT(tally.needed_more_digits, tally.values / 20);
}

}  // namespace exactbn
