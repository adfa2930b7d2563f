// SPDX-License-Identifier: Apache-2.0
#include "oracles/momentum.h"

#include <gtest/gtest.h>

namespace exactbn {
namespace {

Problem with_momentum(double momentum) {
  Problem problem;
  problem.momentum = momentum;
  return problem;
}

TEST(Momentum, IsComplementedExactlyOrNotAtAll) {
  for (const double momentum : {0.0, 1.0, 0.25, -1.0, 3.0, 0.875}) {
    const auto other = with_other_momentum(with_momentum(momentum));
    ASSERT_TRUE(other) << momentum;
    const auto back = with_other_momentum(*other);
    ASSERT_TRUE(back) << momentum;
    EXPECT_EQ(*back->momentum, momentum);
  }
  EXPECT_FALSE(with_other_momentum(with_momentum(0.1)));
  EXPECT_FALSE(with_other_momentum(with_momentum(0x1p-60)));
  EXPECT_FALSE(with_other_momentum(with_momentum(0x1p60)));
}

TEST(Momentum, OfTheOldIsAskedAsF32HoldsIt) {
  Declaration of_old;
  of_old.momentum = Momentum::weight_of_old;
  const double tenth = static_cast<double>(0.1F);
  const Problem asked = as_asked(with_momentum(tenth), of_old);
  EXPECT_EQ(*asked.momentum, 1 - static_cast<double>(0.9F));
  EXPECT_EQ(as_asked(asked, of_old).momentum, asked.momentum);
  // Each can be complemented.
  for (const double momentum : {tenth, 0x1p-60, 1 - 0x1p-53, 0.3, 0.7}) {
    const Problem problem = as_asked(with_momentum(momentum), of_old);
    EXPECT_TRUE(with_other_momentum(problem)) << momentum;
  }
  EXPECT_EQ(as_asked(with_momentum(tenth), Declaration()).momentum, tenth);
}

TEST(Momentum, OfTheOldIsGivenForTheCumulativeAverage) {
  Declaration of_old;
  of_old.momentum = Momentum::weight_of_old;
  Problem problem;
  problem.batches_tracked = 3;
  EXPECT_EQ(*with_other_momentum(problem)->momentum, 0.75);
  const Problem asked = as_asked(problem, of_old);
  EXPECT_EQ(*asked.momentum, 0.25);
  EXPECT_EQ(asked.batches_tracked, 0);
  EXPECT_FALSE(as_asked(problem, Declaration()).momentum);
}

}  // namespace
}  // namespace exactbn
