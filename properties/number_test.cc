// SPDX-License-Identifier: Apache-2.0
#include "properties/number.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/draw.h"

namespace exactbn::number_test {
namespace {

TEST(Number, AnIntervalContainsTheExactValue) {
  Draw draw(1);
  for (int i = 0; i < 2000; ++i) {
    // Integers are exact in long double.
    const auto integer = [&] {
      return static_cast<Wide>(draw.below(2001)) - 1000;
    };
    const Wide a = integer();
    const Wide b = integer();
    const Wide error = static_cast<Wide>(draw.below(50)) - 25;
    const Wide other = static_cast<Wide>(draw.below(50)) - 25;
    const Number x = Number::within(a + error, 25);
    const Number y = Number::within(b + other, 25);
    const auto exactly = [](Wide value) {
      return Number(static_cast<double>(value));
    };
    EXPECT_TRUE((x + y - exactly(a + b)).may_be_zero());
    EXPECT_TRUE((x * y - exactly(a * b)).may_be_zero());
    EXPECT_TRUE((x - y - exactly(a - b)).may_be_zero());
    EXPECT_FALSE((x + y - exactly(a + b + 101)).may_be_zero());
  }
}

// Expressions of answers, inputs and known numbers of all magnitudes.
TEST(Number, ANarrowNumberStandsForTheWideOne) {
  Draw draw(2);
  for (int i = 0; i < 100'000; ++i) {
    const int span = i % 3 == 0 ? 400 : 40;
    const auto size = [&] {
      return std::ldexp(
          draw.normal(),
          static_cast<int>(draw.below(static_cast<std::uint64_t>(span))) -
              span / 2);
    };
    Number wide = 0;
    Number narrow = 0;
    for (int step = 0; step < 6; ++step) {
      Number w = 0;
      Number n = 0;
      const double value = draw.below(9) == 0 ? 0 : size();
      switch (draw.below(4)) {
        case 0:  // an answer; the filter knows part of its radius
          w = Number::within(value, std::fabs(value) * 0x1p-24L);
          n = Number::narrow(value, std::fabs(value) * 0x1p-25);
          break;
        case 1:
          w = value;
          n = Number::narrow(value);
          break;
        case 2:
          w = value;
          n = value;
          break;
        default: {
          // More or less than the rounding error of a double.
          const Wide doubt = std::ldexp(std::fabs(static_cast<Wide>(value)),
                                        -50 - static_cast<int>(draw.below(12)));
          w = Number::within(value, std::fabs(value) * 0x1p-62L);
          n = Number::near(value + doubt * 0.9L, doubt).narrowed();
        }
      }
      if (draw.below(2) == 0) {
        wide += w;
        narrow += n;
      } else {
        wide = wide * w;
        narrow = narrow * n;
      }
      if (narrow.is_open()) continue;
      ASSERT_EQ(narrow.is_unknown(), wide.is_unknown());
      ASSERT_LE(std::fabs(wide.mid() - narrow.mid()), narrow.doubt()) << i;
      ASSERT_LE(narrow.radius(), wide.radius()) << i;
      if (narrow.may_be_zero()) {
        ASSERT_TRUE(wide.may_be_zero()) << i;
      }
      if (narrow.may_be_positive_or_zero()) {
        ASSERT_TRUE(wide.may_be_positive_or_zero()) << i;
      }
    }
  }
}

TEST(Number, ANarrowNumberBeyondItsRangeIsOpen) {
  const Number large = Number::narrow(0x1p1000, 1);
  EXPECT_TRUE((large * large).is_open());
  EXPECT_TRUE((large * large - large * large).is_open());
  EXPECT_TRUE((Number::narrow(0x1p1000, 0x1p1000) * large).is_open());
  EXPECT_FALSE((Number::unknown() * large).is_open());
  EXPECT_TRUE((Number::unknown() * large).is_unknown());
  const Number small = Number::narrow(0x1p-600);
  EXPECT_FALSE((small * small).may_be_zero());
  EXPECT_GT((small * small).doubt(), 0);
}

TEST(Number, UnknownStaysUnknown) {
  const Number unknown = Number::unknown();
  for (const Number& n : {unknown, unknown + 1, unknown * 0, unknown - unknown,
                          Number::within(NAN, 1) * 2}) {
    EXPECT_TRUE(n.is_unknown());
    EXPECT_TRUE(n.may_be_zero());
    EXPECT_TRUE(n.may_be_positive_or_zero());
  }
  EXPECT_FALSE(Number(1).is_unknown());
}

TEST(Number, ASignIsDecidedBeyondTheRadius) {
  EXPECT_TRUE(Number::within(-1, 2).may_be_positive_or_zero());
  EXPECT_FALSE(Number::within(-3, 2).may_be_positive_or_zero());
  EXPECT_FALSE(Number::within(3, 2).may_be_zero());
}

// (1 + 2/sqrt(3)) (1 - 2/sqrt(3)) = -1/3
TEST(Number, ExactNumbersFormAField) {
  ExactNumbers numbers;
  const ExactNumbers::Use use(numbers);
  const Surd plus = {1, 2, 3, 1};
  const Surd minus = {1, -2, 3, 1};
  const Number product = Number::exact(plus) * Number::exact(minus);
  EXPECT_TRUE((product * 3 + 1).may_be_zero());
  EXPECT_FALSE((product * 3 + 1 + 0x1p-1000).may_be_zero());
  EXPECT_FALSE(product.may_be_positive_or_zero());
  // 2/sqrt(12) = 1/sqrt(3)
  const Number twelve = Number::exact(Surd{0, 2, 12, 1});
  EXPECT_TRUE((twelve * 2 - Number::exact(plus) + 1).may_be_zero());
}

TEST(Number, RootsOfDifferentFieldsAreRefused) {
  ExactNumbers numbers;
  const ExactNumbers::Use use(numbers);
  const Number a = Number::exact(Surd{0, 1, 3, 1});
  const Number b = Number::exact(Surd{0, 1, 5, 1});
  EXPECT_THROW(a + b, std::domain_error);
  EXPECT_THROW(a * b, std::domain_error);
}

TEST(Number, ExactNumbersNeedAnOwner) {
  EXPECT_THROW(Number::exact(Dyadic(1)), std::logic_error);
}

TEST(Number, AnIntervalAroundASurdContainsIt) {
  const Number about = Number::about({0, 1, 2, 1});
  EXPECT_TRUE((about * about * 2 - 1).may_be_zero());
  EXPECT_FALSE((about * about * 2 - 1 - 0x1p-50).may_be_zero());
}

}  // namespace
}  // namespace exactbn::number_test
