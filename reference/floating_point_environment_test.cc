// SPDX-License-Identifier: Apache-2.0
#include "reference/floating_point_environment.h"

#include <gtest/gtest.h>

#include <cfloat>

#include "reference/testing/environments.h"

namespace exactbn {

namespace {

// Operations that every setting changes, as bits; the operands are volatile, so
// that no compiler computes them.
struct Arithmetic {
  bool operator==(const Arithmetic&) const = default;
  double up, down, tiny;
  long double wide;
};

Arithmetic arithmetic() {
  const volatile double one = 1;
  const volatile double three = 3;
  const volatile double small = DBL_MIN;
  const volatile long double one_wide = 1;
  const volatile long double three_wide = 3;
  return {one / three, -one / three, small / 4, one_wide / three_wide};
}

TEST(FloatingPointEnvironment, IsTheStandardOneInAny) {
  const Arithmetic expected = arithmetic();
  for (const auto& [name, settings] : environments()) {
    SCOPED_TRACE(name);
    const auto got = in_environment(settings, [] {
      const StandardEnvironment standard;
      return arithmetic();
    });
    EXPECT_EQ(got, expected);
  }
}

TEST(FloatingPointEnvironment, GivesBackTheCallersAndLendsIt) {
  for (const auto& [name, settings] : environments()) {
    if (name == "traps") continue;
    SCOPED_TRACE(name);
    const Arithmetic callers = in_environment(settings, arithmetic);
    EXPECT_NE(callers, arithmetic());
    std::vector<Arithmetic> got = in_environment(settings, [] {
      std::vector<Arithmetic> seen;
      {
        const StandardEnvironment standard;
        const StandardEnvironment nested;
        const CallersEnvironment lent;
        seen.push_back(arithmetic());
        const StandardEnvironment within;  // of what the caller calls
      }
      seen.push_back(arithmetic());
      return seen;
    });
    EXPECT_EQ(got[0], callers);
    EXPECT_EQ(got[1], callers);
  }
}

TEST(FloatingPointEnvironment, EndsWhatACalleeChanges) {
  const Arithmetic expected = arithmetic();
  for (const auto& [name, settings] : environments()) {
    SCOPED_TRACE(name);
    const StandardEnvironment standard;
    {
      const CallersEnvironment lent;
      settings.set();
    }
    EXPECT_EQ(arithmetic(), expected);
  }
}

}  // namespace

}  // namespace exactbn
