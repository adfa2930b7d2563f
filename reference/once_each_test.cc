// SPDX-License-Identifier: Apache-2.0
#include "reference/once_each.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace exactbn::once_each_test {
namespace {

TEST(OnceEach, MakesRunsOfChannelsThatAreNotDone) {
  OnceEach once(10);
  std::vector<std::int64_t> ends;
  const auto make = [&](const Channels& run) {
    ends.push_back(run.first);
    ends.push_back(run.first + run.count);
  };
  once({3, 2}, make);
  EXPECT_FALSE(once.done(2));
  EXPECT_TRUE(once.done(4));
  once({0, 10}, make);
  once({0, 10}, make);
  EXPECT_EQ(ends, (std::vector<std::int64_t>{3, 5, 0, 3, 5, 10}));
}

TEST(OnceEach, OverlappingThreadsMakeEachChannelOnceAndSeeAll) {
  constexpr std::int64_t kCount = 64;
  for (int turn = 0; turn < 50; ++turn) {
    OnceEach once(kCount);
    std::vector<int> made(kCount);
    const auto at = [&](std::int64_t c) -> int& {
      return made[static_cast<std::size_t>(c)];
    };
    const auto ask = [&](std::int64_t first) {
      once({first, kCount - 2 * first}, [&](const Channels& run) {
        for (std::int64_t i = 0; i < run.count; ++i) ++at(run.first + i);
      });
      for (std::int64_t c = first; c < kCount - first; ++c) {
        EXPECT_EQ(at(c), 1);
      }
    };
    std::vector<std::thread> threads;
    for (const std::int64_t first : {20, 10, 0, 5}) {
      threads.emplace_back(ask, first);
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(OnceEach, RetriesAfterAnException) {
  OnceEach once(2);
  const auto fail = [](const Channels&) { throw std::runtime_error("no"); };
  EXPECT_THROW(once({0, 2}, fail), std::runtime_error);
  EXPECT_FALSE(once.done(0));
  once({0, 2}, [](const Channels&) {});
  EXPECT_TRUE(once.done(1));
}

}  // namespace
}  // namespace exactbn::once_each_test
