// SPDX-License-Identifier: Apache-2.0
#include "reference/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "reference/testing/trials.h"

namespace exactbn::format_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A finite double of any exponent, subnormals included.
double any_double(std::mt19937_64& rng) {
  const double value = std::bit_cast<double>(rng());
  return std::isfinite(value) ? value : any_double(rng);
}

// A double whose exponent is uniform over [low, high].
double double_between(std::mt19937_64& rng, int low, int high) {
  const auto span = static_cast<std::uint64_t>(high - low + 1);
  const int exponent = low + static_cast<int>(rng() % span);
  const double significand =
      1 + std::ldexp(static_cast<double>(rng() >> 12), -52);
  return std::ldexp((rng() & 1) != 0 ? -significand : significand, exponent);
}

std::uint64_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

TEST(Format, ConstantsMatchIeee754) {
  EXPECT_EQ(format(DType::f64).quantum(), -1074);
  EXPECT_EQ(format(DType::f32).quantum(), -149);
  EXPECT_EQ(format(DType::f16).quantum(), -24);
  EXPECT_EQ(format(DType::bf16).quantum(), -133);
  EXPECT_EQ(format(DType::f64).overflow(), bits_of(kInfinity));
  EXPECT_EQ(format(DType::f16).overflow(), 0x7c00U);
  EXPECT_EQ(format(DType::bf16).overflow(), 0x7f80U);
  EXPECT_EQ(format(DType::f32).unit_roundoff(), 0x1p-24);
}

// The tables of "OCP 8-bit Floating Point Specification (OFP8)", section 5.
TEST(Format, F8MatchesTheOpenComputeProject) {
  EXPECT_EQ(to_double(0x7e, DType::f8e4m3fn), 448);
  EXPECT_EQ(to_double(0x08, DType::f8e4m3fn), 0x1p-6);
  EXPECT_EQ(to_double(0x07, DType::f8e4m3fn), 0.875 * 0x1p-6);
  EXPECT_EQ(to_double(0x01, DType::f8e4m3fn), 0x1p-9);
  EXPECT_EQ(to_double(0xb8, DType::f8e4m3fn), -1);
  EXPECT_TRUE(is_nan(0x7f, DType::f8e4m3fn));
  EXPECT_TRUE(is_nan(0xff, DType::f8e4m3fn));
  EXPECT_EQ(round_to(kInfinity, DType::f8e4m3fn), 0x7fU);
  // Halfway to 480, which 0x7f would be; 0x7e is even.
  EXPECT_EQ(round_to(464.0, DType::f8e4m3fn), 0x7eU);
  EXPECT_EQ(round_to(std::nextafter(464.0, 465.0), DType::f8e4m3fn), 0x7fU);
  EXPECT_EQ(first_beyond(DType::f8e4m3fn), dyadic(480));

  EXPECT_EQ(to_double(0x7b, DType::f8e5m2), 57344);
  EXPECT_EQ(to_double(0x04, DType::f8e5m2), 0x1p-14);
  EXPECT_EQ(to_double(0x03, DType::f8e5m2), 0.75 * 0x1p-14);
  EXPECT_EQ(to_double(0x01, DType::f8e5m2), 0x1p-16);
  EXPECT_EQ(to_double(0x7c, DType::f8e5m2), kInfinity);
  EXPECT_EQ(to_double(0xfc, DType::f8e5m2), -kInfinity);
  for (const std::uint64_t nan : {0x7dU, 0x7eU, 0x7fU}) {
    EXPECT_TRUE(is_nan(nan, DType::f8e5m2));
  }
  EXPECT_EQ(round_to(61440.0, DType::f8e5m2), 0x7cU);
  EXPECT_EQ(round_to(std::nextafter(61440.0, 0.0), DType::f8e5m2), 0x7bU);
  EXPECT_EQ(first_beyond(DType::f8e5m2), dyadic(65536));
}

constexpr std::array kShort = {DType::f16, DType::bf16, DType::f8e4m3fn,
                               DType::f8e5m2};

TEST(Format, EveryPatternOfAShortFormatDecodesAndRoundsBack) {
  for (const DType dtype : kShort) {
    for (std::uint64_t bits = 0; bits >> format(dtype).width == 0; ++bits) {
      const double value = to_double(bits, dtype);
      ASSERT_EQ(parse_hex(to_hex(bits, dtype), dtype), bits);
      if (is_nan(bits, dtype)) {
        ASSERT_TRUE(std::isnan(value));
        continue;
      }
      ASSERT_EQ(round_to(value, dtype), bits);
      if (!is_finite(bits, dtype)) continue;
      ASSERT_EQ(decode(bits, dtype), dyadic(value));
      const bool minus_zero = bits == format(dtype).sign_bit();
      ASSERT_EQ(round_to(decode(bits, dtype), dtype), minus_zero ? 0 : bits);
    }
  }
}

// bf16 is the upper half of a float, which the hardware decodes.
TEST(Format, Bf16IsTheUpperHalfOfF32) {
  for (std::uint32_t bits = 0; bits < 0x7f80; ++bits) {
    ASSERT_EQ(to_double(bits, DType::bf16), std::bit_cast<float>(bits << 16));
  }
}

// The hardware rounds a double to a float, and sums and products to a double.
TEST(Format, RoundsAsTheHardwareDoes) {
  std::mt19937_64 rng(1);
  for (int trial = 0; trial < trials(300'000); ++trial) {
    const double near_f32 = double_between(rng, -160, 130);
    ASSERT_EQ(round_to(near_f32, DType::f32),
              bits_of(static_cast<float>(near_f32)));
    const double a = any_double(rng);
    const double b = double_between(rng, -60, 60);
    const double c = a * double_between(rng, -56, 2);
    ASSERT_EQ(round_to(dyadic(a) * dyadic(b), DType::f64) &
                  ~format(DType::f64).sign_bit(),
              bits_of(std::fabs(a * b)))
        << a << " * " << b;
    if (!std::isfinite(c)) continue;
    ASSERT_EQ(round_to(dyadic(a) + dyadic(c), DType::f64), bits_of(a + c + 0.0))
        << a << " + " << c;
  }
}

// The number after the value of finite bits, even after the largest.
double above(std::uint64_t bits, DType dtype) {
  if (bits + 1 < format(dtype).overflow()) return to_double(bits + 1, dtype);
  return dtype == DType::f8e4m3fn ? 480
                                  : std::ldexp(1.0, format(dtype).emax + 1);
}

// The nearest of all values of the format, by search, which is feasible for 16
// bits. Midpoints of neighbours are exact in double.
std::uint64_t nearest_by_search(double value, DType dtype) {
  const Format f = format(dtype);
  const double size = std::fabs(value);
  std::uint64_t low = 0;
  std::uint64_t high = f.overflow();
  while (high - low > 1) {
    const std::uint64_t middle = (low + high) / 2;
    (to_double(middle, dtype) <= size ? low : high) = middle;
  }
  const double midpoint = (to_double(low, dtype) + above(low, dtype)) / 2;
  const bool up = size > midpoint || (size == midpoint && low % 2 == 1);
  return (std::signbit(value) ? f.sign_bit() : 0) | (up ? high : low);
}

TEST(Format, RoundsToAShortFormatAsASearchDoes) {
  std::mt19937_64 rng(2);
  for (const DType dtype : kShort) {
    const Format f = format(dtype);
    for (int trial = 0; trial < trials(100'000); ++trial) {
      const double value = double_between(rng, f.quantum() - 3, f.emax + 2);
      ASSERT_EQ(round_to(value, dtype), nearest_by_search(value, dtype))
          << f.name << ' ' << value;
    }
    for (std::uint64_t bits = 0; bits < f.overflow(); ++bits) {
      const double tie = (to_double(bits, dtype) + above(bits, dtype)) / 2;
      for (const double value :
           {tie, std::nextafter(tie, 0.0), std::nextafter(tie, kInfinity)}) {
        ASSERT_EQ(round_to(value, dtype), nearest_by_search(value, dtype));
      }
    }
  }
}

TEST(Format, InexactBreaksTies) {
  const Integer one_and_half_ulp = (Integer(1) << 24) + 1;
  EXPECT_EQ(round_magnitude(false, one_and_half_ulp, -24, false, DType::f32),
            bits_of(1.0F));
  EXPECT_EQ(round_magnitude(false, one_and_half_ulp, -24, true, DType::f32),
            bits_of(std::nextafter(1.0F, 2.0F)));
}

TEST(Format, HexadecimalIsStrict) {
  EXPECT_EQ(parse_hex("3f800000", DType::f32), 0x3f800000U);
  for (const char* bad : {"", "3f80000", "3f8000000", "3F800000", "3f80000g"}) {
    EXPECT_FALSE(parse_hex(bad, DType::f32)) << bad;
  }
}

TEST(Format, HexfloatMatchesC) {
  EXPECT_EQ(to_hexfloat(0x3f4d1f96, DType::f32), "0x1.9a3f2cp-1");
  EXPECT_EQ(to_hexfloat(0x3f800000, DType::f32), "0x1p+0");
  EXPECT_EQ(to_hexfloat(1, DType::f32), "0x1p-149");
  EXPECT_EQ(to_hexfloat(0x8000, DType::f16), "-0x0p+0");
  EXPECT_EQ(to_hexfloat(0xfc00, DType::f16), "-inf");
  EXPECT_EQ(to_hexfloat(0x7fff, DType::bf16), "nan");
  std::mt19937_64 rng(3);
  for (int trial = 0; trial < 10'000; ++trial) {
    const double value = any_double(rng);
    const std::string text = to_hexfloat(bits_of(value), DType::f64);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
}

TEST(Format, ExactNumbersAreFinite) {
  EXPECT_THROW(decode(0x7c00, DType::f16), std::invalid_argument);
  EXPECT_THROW(decode(0x7fc00000, DType::f32), std::invalid_argument);
  EXPECT_THROW(dyadic(kInfinity), std::invalid_argument);
}

}  // namespace
}  // namespace exactbn::format_test
