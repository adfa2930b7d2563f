// SPDX-License-Identifier: Apache-2.0
#include "reference/parallel_for.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "reference/testing/environments.h"

namespace exactbn {

namespace {

class ParallelFor : public testing::TestWithParam<bool> {
 protected:
  ParallelFor() : threads_(omp_get_max_threads()) { omp_set_num_threads(4); }
  ~ParallelFor() override { omp_set_num_threads(threads_); }

 private:
  int threads_;
};

TEST_P(ParallelFor, CallsEachOnce) {
  for (const std::int64_t n : {0, 1, 7, 1000}) {
    for (const std::int64_t chunk : {1, 3, 2000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
      std::int64_t total = 0;
      parallel_for(
          {n, GetParam(), chunk}, [] { return std::int64_t{0}; },
          [&](std::int64_t i, std::int64_t& own) {
            ++calls[static_cast<std::size_t>(i)];
            ++own;
          },
          [&](std::int64_t own) { total += own; });
      EXPECT_EQ(total, n);
      for (const auto& each : calls) EXPECT_EQ(each, 1);
    }
  }
}

TEST_P(ParallelFor, ThrowsWhatTheFirstCallThrows) {
  try {
    parallel_for(1000, GetParam(), [](std::int64_t i) {
      if (i % 100 == 99) throw std::runtime_error(std::to_string(i));
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "99");
  }
}

TEST_P(ParallelFor, ThrowsWhatAThreadCannotMakeOrFinish) {
  const ParallelLoop loop = {100, GetParam()};
  const auto none = [](std::int64_t, int) {};
  EXPECT_THROW(parallel_for(
                   loop, []() -> int { throw std::bad_alloc(); }, none),
               std::bad_alloc);
  EXPECT_THROW(
      parallel_for(
          loop, [] { return 0; }, none, [](int) { throw std::bad_alloc(); }),
      std::bad_alloc);
}

// Also in the threads of OpenMP's pool, which keep what an earlier region left.
TEST_P(ParallelFor, RunsInTheStandardEnvironment) {
#pragma omp parallel
  std::fesetround(FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  for (const auto& [name, settings] : environments()) {
    SCOPED_TRACE(name);
    std::atomic<int> other = 0;
    in_environment(settings, [&] {
      const StandardEnvironment standard;
      parallel_for(1000, GetParam(), [&](std::int64_t) {
        if (std::fegetround() != FE_TONEAREST) ++other;
      });
      return 0;
    });
    EXPECT_EQ(other, 0);
  }
#pragma omp parallel
  std::fesetround(FE_TONEAREST);
}

TEST_P(ParallelFor, LendsTheCallersEnvironmentInEveryThread) {
  std::atomic<int> other = 0;
  std::fesetround(FE_DOWNWARD);
  {
    const StandardEnvironment standard;
    parallel_for(1000, GetParam(), [&](std::int64_t) {
      const CallersEnvironment lent;
      if (std::fegetround() != FE_DOWNWARD) ++other;
    });
  }
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(other, 0);
}

INSTANTIATE_TEST_SUITE_P(Loops, ParallelFor, testing::Bool());

}  // namespace

}  // namespace exactbn
