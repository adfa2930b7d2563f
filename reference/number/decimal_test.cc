// SPDX-License-Identifier: Apache-2.0
#include "reference/number/decimal.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "reference/draw.h"
#include "reference/testing/digits.h"

namespace exactbn::decimal_test {
namespace {

using Big = Digits1000;

Big big(const Dyadic& x) { return ldexp(Big(x.n), static_cast<int>(x.e)); }

std::string as_c_prints(double value, int digits) {
  std::string text(2000, '\0');
  const int length =
      std::snprintf(text.data(), text.size(), "%.*e", digits - 1, value);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// glibc's printf rounds correctly, ties to even, whatever the digits.
TEST(Decimal, MatchesCForDoubles) {
  Draw draw(1);
  for (int trial = 0; trial < 3000; ++trial) {
    std::uint64_t bits = draw_bits(draw, DType::f64);
    // Few bits have a short decimal expansion: ties.
    if (draw.below(2) == 0) bits = round_to(draw.normal(), DType::bf16) << 48;
    const double value = to_double(bits, DType::f64) + 0.0;  // no -0
    const int digits = static_cast<int>(1 + draw.below(60));
    ASSERT_EQ(to_decimal({dyadic(value), 0, 1, 1}, digits),
              as_c_prints(value, digits));
  }
  for (const double value : {0.0, 1.0, 9.5, 99.5, 0.5, 2.5, 3.5, 0x1p-1074,
                             0x1.fffffffffffffp1023, 1e23, 0.001, 9.999e9}) {
    for (int digits = 1; digits <= 5; ++digits) {
      EXPECT_EQ(to_decimal({dyadic(-value), 0, 1, 1}, digits),
                as_c_prints(value == 0 ? 0 : -value, digits));
    }
  }
}

// The significand and the exponent read back, as integers.
struct Read {
  Integer significand = 0;
  int exponent = 0;
};

Read read(const std::string& text, int digits) {
  Read r;
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') r.significand = r.significand * 10 + (c - '0');
  }
  if (text[0] == '-') r.significand = -r.significand;
  r.exponent = std::stoi(text.substr(e + 1)) - (digits - 1);
  return r;
}

// The result is within half a unit of (p + q / sqrt(w)) / d in 1000 digits.
TEST(Decimal, IsTheNearestToASurd) {
  Draw draw(2);
  for (int trial = 0; trial < 3000; ++trial) {
    const auto any = [&draw] { return dyadic(std::ldexp(draw.normal(), 8)); };
    const Dyadic w = any();
    const Dyadic d = any();
    const Surd s{any(), any(), w * w + Dyadic(1, -9), d * d + Dyadic(1, -9)};
    const int digits = static_cast<int>(1 + draw.below(400));
    const std::string text = to_decimal(s, digits);
    const Read r = read(text, digits);
    ASSERT_EQ(abs(r.significand).str().size(),
              static_cast<std::size_t>(digits));
    const Big unit = pow(Big(10), r.exponent);
    const Big number = (big(s.p) + big(s.q) / sqrt(big(s.w))) / big(s.d);
    ASSERT_LE(abs(number - Big(r.significand) * unit), unit / 2) << text;
  }
}

TEST(Decimal, OfRootsFractionsAndCancellation) {
  EXPECT_EQ(to_decimal({0, 2, 2, 1}, 30),
            "1.41421356237309504880168872421e+00");
  EXPECT_EQ(to_decimal({-2, 0, 1, 3}, 5), "-6.6667e-01");
  EXPECT_EQ(to_decimal({0, 1, 4, 2}, 1), "2e-01");
  EXPECT_EQ(to_decimal({2, -4, 4, 1}, 3), "0.00e+00");
  // 1 - sqrt(1 - 2^-2000) = 2^-2001 and a little.
  const Dyadic w = Dyadic(1) - Dyadic(1, -2000);
  EXPECT_EQ(to_decimal({1, -w, w, 1}, 6),
            to_decimal({Dyadic(1, -2001), 0, 1, 1}, 6));
  EXPECT_EQ(to_decimal({1, -w, w, 1}, 6), "4.35490e-603");
}

}  // namespace
}  // namespace exactbn::decimal_test
