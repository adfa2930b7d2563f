// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/block.h"

#include <gtest/gtest.h>

#include <memory>

#include "reference/draw.h"
#include "reference/testing/each_instruction_set.h"

namespace exactbn::block_test {
namespace {

template <class Word>
void expect_holds_every_value_of(DType dtype) {
  const std::int64_t count = std::int64_t{1} << 16;
  Tensor x(dtype, {1, 1, count});
  for (std::int64_t i = 0; i < count; ++i) {
    x.set_bits(i, static_cast<std::uint64_t>(i));
  }
  const auto block = std::make_unique<SumBlock<Word>>();
  constexpr int kAll = kRows * kLanes;
  for (std::int64_t i = 0; i < count; i += kAll) {
    block->load_along(x, {x.shape(), 1}, 0, i, kAll);
    bool finite = true;
    for (int j = 0; j < kAll; ++j) {
      if (!x.finite(i + j)) {
        finite = false;
        continue;
      }
      const Scaled got = block->at(j / kLanes, j % kLanes);
      ASSERT_EQ(Dyadic(got.n, got.e), x.exact(i + j))
          << to_hex(x.bits(i + j), dtype);
    }
    for (const SumColumn column : block->columns) {
      EXPECT_EQ(column == SumColumn::nonfinite, !finite);
    }
  }
}

TEST(SumBlock, HoldsEveryValueOfTheShortFormats) {
  expect_holds_every_value_of<std::uint32_t>(DType::f16);
  expect_holds_every_value_of<std::uint64_t>(DType::f16);
  expect_holds_every_value_of<std::uint32_t>(DType::bf16);
  expect_holds_every_value_of<std::uint64_t>(DType::bf16);
}

// Covers blocks in place, copied blocks and both in turn.
TEST(SumBlock, BlocksOfAChannelHoldItsValuesInOrder) {
  Draw draw(4);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const std::int64_t inner : {1, 7, 255, 256, 2048, 2049, 3136, 6157}) {
      Tensor x(dtype, {3, 2, inner});
      for (std::int64_t i = 0; i < x.size(); ++i) {
        x.set_bits(i, round_to(draw.normal(), dtype));
      }
      const ChannelView view(x.shape(), 1);
      const auto block = std::make_unique<SumBlock<std::uint32_t>>();
      const std::int64_t end = view.count() - 1;
      int count = 0;
      for (std::int64_t k = 0; k < end; k += count) {
        count = block_count<std::uint32_t>(x, view, k, end);
        ASSERT_GT(count, 0);
        ASSERT_LE(k + count, end);
        block->load_along(x, view, 1, k, count);
        ASSERT_EQ(block->rows, (count + kLanes - 1) / kLanes);
        for (int j = 0; j < block->rows * kLanes; ++j) {
          const Scaled got = block->at(j / kLanes, j % kLanes);
          const Dyadic want =
              j < count ? x.exact(view.offset(1, k + j)) : Dyadic();
          ASSERT_EQ(Dyadic(got.n, got.e), want)
              << inner << ' ' << k << ' ' << j;
        }
      }
    }
  }
}

TEST(SumBlock, EveryFiniteColumnOfF16IsNarrow) {
  Tensor x(DType::f16, {1, 1, 32});
  x.set_bits(0, 0x7bff);   // the largest
  x.set_bits(16, 0x0001);  // the smallest subnormal
  const auto block = std::make_unique<SumBlock<std::uint32_t>>();
  block->load_along(x, {x.shape(), 1}, 0, 0, 32);
  EXPECT_EQ(block->rows, 2);
  EXPECT_EQ(block->columns[0], SumColumn::narrow);
  EXPECT_EQ(block->scale[0], 0x1p16);
}

// Every instruction set gives the same bits on all columns but those with a NaN
// or an infinity, whose results are unspecified.
template <class Word>
void expect_same_parts(DType dtype) {
  Draw draw(3);
  const auto a = std::make_unique<SumBlock<Word>>();
  const auto b = std::make_unique<SumBlock<Word>>();
  for (int run = 0; run < 20; ++run) {
    const int count = 1 + static_cast<int>(draw.below(kRows * kLanes));
    Tensor x(dtype, {1, 2, count});
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const double value = draw.normal() * (draw.below(2) ? 1 : 0x1p-9);
      x.set_bits(i, round_to(value, dtype));
    }
    a->load_along(x, {x.shape(), 1}, 0, 0, count);
    b->load_along(x, {x.shape(), 1}, 1, 0, count);
    using Parts = std::array<double, kProductParts<Word> * kLanes>;
    using Results = std::tuple<std::array<Word, kLanes>,
                               std::array<Word, kLanes>, Parts, Parts, Parts>;
    std::vector<Results> results;
    on_each_instruction_set([&] {
      const SumKernels<Word> kernels = sum_kernels<Word>();
      auto& [least, most, sum, square, product] = results.emplace_back();
      kernels.range(a->words, a->rows, nullptr, least.data(), most.data());
      kernels.sum(a->view(), a->rows, sum.data());
      kernels.square(a->view(), a->rows, square.data());
      kernels.product(a->view(), b->view(), a->rows, product.data());
    });
    for (const Results& result : results) EXPECT_EQ(result, results.front());
  }
}

TEST(SumKernels, GiveTheSameBitsOnEveryInstructionSet) {
  expect_same_parts<std::uint32_t>(DType::f32);
  expect_same_parts<std::uint64_t>(DType::f64);
}

}  // namespace
}  // namespace exactbn::block_test
