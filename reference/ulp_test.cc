// SPDX-License-Identifier: Apache-2.0
#include "reference/ulp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/draw.h"
#include "reference/number/decimal.h"
#include "reference/testing/digits.h"

namespace exactbn::ulp_test {
namespace {

namespace mp = boost::multiprecision;
using Big = Digits1000;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;

Big big(const Dyadic& x) { return ldexp(Big(x.n), static_cast<int>(x.e)); }

Big big(const Surd& s) {
  return (big(s.p) + big(s.q) / sqrt(big(s.w))) / big(s.d);
}

// The gap from |x| up to the next value, by the standard library.
template <class Float>
double gap_above(double x) {
  const auto size = static_cast<Float>(std::fabs(x));
  return static_cast<double>(
             std::nextafter(size, std::numeric_limits<Float>::infinity())) -
         static_cast<double>(size);
}

TEST(Ulp, IsTheGapToTheNextValue) {
  Draw draw(1);
  for (int trial = 0; trial < 10'000; ++trial) {
    const std::uint64_t bits = draw_bits(draw, DType::f32);
    if (!is_finite(bits + 1, DType::f32)) continue;
    const double x = to_double(bits, DType::f32);
    ASSERT_EQ(compare(ulp({dyadic(x), 0, 1, 1}, DType::f32),
                      dyadic(gap_above<float>(x))),
              0)
        << x;
  }
  for (int trial = 0; trial < 10'000; ++trial) {
    const std::uint64_t bits = draw_bits(draw, DType::f64);
    if (!is_finite(bits + 1, DType::f64)) continue;
    const double x = to_double(bits, DType::f64);
    ASSERT_EQ(compare(ulp({dyadic(x), 0, 1, 1}, DType::f64),
                      dyadic(gap_above<double>(x))),
              0)
        << x;
  }
}

// The unit from the table in IEEE 754-2019: the binade's, at least the quantum.
Big unit_at(const Big& number, DType dtype) {
  const Format f = format(dtype);
  int top = f.emin;
  if (number != 0) top = std::max(top, static_cast<int>(ilogb(number)));
  return ldexp(Big(1), top - (f.precision - 1));
}

TEST(UlpError, AgreesWithAThousandDigits) {
  Draw draw(2);
  for (int trial = 0; trial < 4000; ++trial) {
    const DType dtype = kDTypes[draw.below(kDTypes.size())];
    const auto any = [&draw] { return dyadic(std::ldexp(draw.normal(), 8)); };
    const Dyadic w = any();
    Surd s{any(), any(), w * w + Dyadic(1, -9), 7};
    if (draw.below(4) == 0) s.d.e += 2 - format(dtype).quantum();
    // The nearest value, its neighbours, or any.
    const std::uint64_t best = round_to(s, dtype);
    std::uint64_t bits = draw.below(2) == 0 ? best : best + draw.below(5);
    if (draw.below(8) == 0) bits = draw_bits(draw, dtype);
    if (!is_finite(bits, dtype)) continue;
    const Dyadic c = decode(bits, dtype);
    const Big expected = (big(c) - big(s)) / unit_at(big(s), dtype);
    const Surd error = ulp_error(c, s, dtype);
    ASSERT_LE(abs(big(error) - expected), ldexp(abs(expected), -1500));
    if (bits == best) {
      ASSERT_LE(abs(expected), 0.5);
    }
    const Enclosure e = enclose(error, 300);
    ASSERT_LE(abs(expected - big(e.mid)), big(e.rad)) << expected;
  }
}

// w = r^2 makes s a fraction, and the error in ulp too.
TEST(UlpError, IsAFractionIfTheRootIs) {
  Draw draw(3);
  const auto rational = [](const Dyadic& x) {
    const Integer power = Integer(1) << static_cast<unsigned>(std::abs(x.e));
    return x.e < 0 ? Rational(x.n, power) : Rational(x.n * power);
  };
  for (int trial = 0; trial < 4000; ++trial) {
    const Dyadic r{Integer(1 + draw.below(1000)), 0};
    const Dyadic d{Integer(1 + draw.below(1000)), 0};
    const Dyadic p{Integer(draw.below(4000)) - 2000, -3};
    const Dyadic q{Integer(draw.below(4000)) - 2000, 3};
    const Surd s{p, q, r * r, d};
    const Rational number =
        (rational(p) + rational(q) / rational(r)) / rational(d);
    const Dyadic c{Integer(draw.below(4000)) - 2000, -4};
    // p = 8 bits: the ulp is 2^(top - 7), with 2^top <= |s| < 2^(top + 1).
    Rational unit(1);
    if (number == 0) {
      unit = rational({1, format(DType::bf16).quantum()});
    } else {
      while (unit > abs(number)) unit /= 2;
      while (unit * 2 <= abs(number)) unit *= 2;
      unit /= 128;
    }
    const Rational error = (rational(c) - number) / unit;
    const Surd got = ulp_error(c, s, DType::bf16);
    const Rational of_got =
        (rational(got.p) + rational(got.q) / rational(r)) / rational(got.d);
    ASSERT_EQ(of_got, error);
  }
}

// y = 1/3: 0.333... is 0x1.555...p-2, whose first 24 bits leave 1/3 of a unit.
TEST(UlpError, HasAnyNumberOfDigits) {
  const Surd third{1, 0, 1, 3};
  const Dyadic below{0x555555, -24};
  EXPECT_EQ(to_decimal(ulp_error(below, third, DType::f32), 12),
            "-6.66666666667e-01");
  EXPECT_EQ(to_decimal(ulp_error(dyadic(0x1.555556p-2), third, DType::f32), 40),
            "3.333333333333333333333333333333333333333e-01");
  // 2^-2001 from a float, and 0 from 0.
  const Dyadic w = Dyadic(1) - Dyadic(1, -2000);
  EXPECT_EQ(to_decimal(ulp_error(1, {0, w, w, 1}, DType::f32), 5),
            "7.3063e-596");
  EXPECT_EQ(sign(ulp_error(0, {2, -4, 4, 1}, DType::f32)), 0);
  // The smallest subnormal is one quantum away from 0.
  EXPECT_EQ(compare(ulp_error({1, -149}, {2, -4, 4, 1}, DType::f32), 1), 0);
}

TEST(PowerOfTwo, MatchesTheLibrary) {
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    EXPECT_EQ(power_of_two(exponent), std::ldexp(1.0, exponent)) << exponent;
  }
}

}  // namespace
}  // namespace exactbn::ulp_test
