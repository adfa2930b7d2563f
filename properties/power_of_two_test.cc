// SPDX-License-Identifier: Apache-2.0
#include "properties/power_of_two.h"

#include <gtest/gtest.h>

#include <cmath>

namespace exactbn::power_of_two_test {
namespace {

TEST(PowerOfTwo, IsThatOfTheLibrary) {
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    EXPECT_EQ(power_of_two(exponent), std::ldexp(1.0, exponent)) << exponent;
  }
}

}  // namespace
}  // namespace exactbn::power_of_two_test
