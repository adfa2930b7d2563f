// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/block_io.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "reference/testing/any_problem.h"

namespace exactbn::block_io_test {
namespace {

TEST(BlockIo, EveryPatternOfAShortFormatRoundTrips) {
  for (const DType dtype :
       {DType::f16, DType::bf16, DType::f8e4m3fn, DType::f8e5m2}) {
    const std::int64_t n = std::int64_t{1} << format(dtype).width;
    Tensor all(dtype, {n});
    for (std::int64_t i = 0; i < n; ++i) {
      all.set_bits(i, static_cast<std::uint64_t>(i));
    }
    std::vector<double> buffer(static_cast<std::size_t>(n));
    const double* values = load_block(all, 0, n, buffer.data());
    for (std::int64_t i = 0; i < n; ++i) {
      if (std::isnan(all.value(i))) {
        ASSERT_TRUE(std::isnan(values[i]));
      } else {
        ASSERT_EQ(values[i], all.value(i)) << i;
      }
    }
    Tensor back(dtype, {n});
    store_block(values, 0, n, back);
    for (std::int64_t i = 0; i < n; ++i) {
      if (std::isnan(values[i])) continue;
      ASSERT_EQ(back.bits(i), all.bits(i)) << i;
    }
  }
}

TEST(BlockIo, PartsOfATensorRoundTrip) {
  Draw draw(1);
  for (const DType dtype : kDTypes) {
    const Tensor tensor = drawn(draw, dtype, {10});
    std::vector<double> buffer(10);
    const double* values = load_block(tensor, 3, 5, buffer.data());
    Tensor copy(dtype, {10});
    store_block(values, 3, 5, copy);
    for (std::int64_t i = 0; i < 10; ++i) {
      const bool copied = i >= 3 && i < 8;
      EXPECT_EQ(copy.bits(i), copied ? tensor.bits(i) : 0) << i;
    }
  }
}

}  // namespace
}  // namespace exactbn::block_io_test
