// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace exactbn::bytes_test {
namespace {

TEST(TensorBytes, AreZeroAndAligned) {
  for (const std::size_t size :
       {0UL, 1UL, 64UL, 65UL, 1023UL, 1024UL, 100'000UL}) {
    const TensorBytes bytes(size);
    ASSERT_EQ(bytes.size(), size);
    EXPECT_TRUE(std::all_of(bytes.data(), bytes.data() + size,
                            [](std::byte b) { return b == std::byte{0}; }));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8, 0u);
  }
}

TEST(TensorBytes, AreCopiedAndMoved) {
  for (const std::size_t size : {64UL, 65UL}) {
    for (const std::size_t other : {3UL, 900UL}) {
      TensorBytes a(size);
      a.data()[size - 1] = std::byte{7};
      TensorBytes b = a;
      EXPECT_EQ(a, b);
      b.data()[0] = std::byte{1};
      EXPECT_NE(a, b);
      EXPECT_EQ(a.data()[0], std::byte{0});
      b = TensorBytes(other);
      EXPECT_EQ(b.size(), other);
      b = std::move(a);
      ASSERT_EQ(b.size(), size);
      EXPECT_EQ(b.data()[size - 1], std::byte{7});
    }
  }
}

TEST(TensorBytes, BorrowedAreNeverWrittenAndCopiesOwnTheirs) {
  for (const std::size_t size : {0UL, 64UL, 65UL, 10'000UL}) {
    const std::vector<std::byte> lent(size, std::byte{7});
    TensorBytes a = TensorBytes::borrowed(lent.data(), size);
    const TensorBytes copy = a;
    TensorBytes b = std::move(a);
    EXPECT_EQ(std::as_const(b).data() == lent.data(), size > 64);
    EXPECT_NE(copy.data(), lent.data());
    EXPECT_EQ(copy, b);
    if (size == 0) continue;
    b.data()[size - 1] = std::byte{1};
    EXPECT_EQ(lent[size - 1], std::byte{7});
    EXPECT_NE(copy, b);
    EXPECT_EQ(b.data()[0], std::byte{7});
  }
}

}  // namespace
}  // namespace exactbn::bytes_test
