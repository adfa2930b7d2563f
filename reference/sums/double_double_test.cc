// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/double_double.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/draw.h"
#include "reference/testing/trials.h"

namespace exactbn::double_double_test {
namespace {

Dyadic exact_of(const DoubleDouble& a) {
  return dyadic(a.high) + dyadic(a.low);
}

Dyadic size(const Dyadic& a) { return a.sign() < 0 ? -a : a; }

// |off| <= 2^-102 |whole|, and adding low does not change high.
void expect_close(const DoubleDouble& a, const Dyadic& off,
                  const Dyadic& whole) {
  EXPECT_LE(compare(size(off), dyadic(0x1p-102) * size(whole)), 0);
  EXPECT_EQ(a.high, a.high + a.low);
}

// A number of any exponent, with the largest possible, a small or no low part.
DoubleDouble drawn(Draw& draw) {
  const double high = draw.normal() * std::exp2(draw.between(-60, 60));
  const double ulp = std::exp2(std::ilogb(high) - 52);
  const double parts[] = {0, 0.5, 0x1p-30, 0.49};
  const double low = parts[draw.below(4)] * ulp * (2 * draw.unit() - 1);
  return fast_two_sum(high, low);
}

// Some b are near a or near -a, so that differences or sums cancel.
TEST(DoubleDouble, ErrorsAreWithinTheirBounds) {
  Draw draw(1);
  const int count = trials(20000);
  for (int trial = 0; trial < count; ++trial) {
    const DoubleDouble a = drawn(draw);
    DoubleDouble b = drawn(draw);
    const std::uint64_t kind = draw.below(4);
    if (kind == 0) b = fast_two_sum(a.high, -b.low * std::exp2(-60));
    if (kind == 1) b = fast_two_sum(-a.high, a.low * draw.unit());
    const Dyadic x = exact_of(a);
    const Dyadic y = exact_of(b);
    expect_close(a + b, exact_of(a + b) - (x + y), x + y);
    expect_close(a - b, exact_of(a - b) - (x - y), x - y);
    expect_close(a * b, exact_of(a * b) - x * y, x * y);
    expect_close(a / b, exact_of(a / b) * y - x, x);
    const DoubleDouble positive = a.high < 0 ? -a : a;
    const Dyadic root = exact_of(sqrt(positive));
    // The square doubles the relative error.
    expect_close(sqrt(positive), root * root - size(x), 2 * size(x));
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace exactbn::double_double_test
