// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/sums/accumulator.h"
#include "reference/sums/kernels.h"
#include "reference/tensor.h"

namespace exactbn {

enum class SumColumn : std::uint8_t {
  narrow,     // fixed point of kWidth bits holds it, or it is all 0
  wide,       // finite, but beyond that
  nonfinite,  // has a NaN or an infinity
};

// A block of one tensor, and what its columns are fit for. The tensor must
// outlive it.
template <class Word>
struct SumBlock {
  const Word* words = nullptr;  // in the tensor, or in `buffer`
  int rows = 0;
  std::array<SumColumn, kLanes> columns;
  alignas(64) std::array<double, kLanes> scale;

  // Values follow one another in row order: one channel.
  void load_along(const Tensor& tensor, const ChannelView& view,
                  std::int64_t channel, std::int64_t k, int count);
  // SumColumn l has channel + l, rows are values k ... k + rows. view.inner
  // = 1.
  void load_across(const Tensor& tensor, const ChannelView& view,
                   std::int64_t channel, std::int64_t k, int count);

  Columns<Word> view() const { return {words, scale.data()}; }
  // A finite value, by integers alone.
  Scaled at(int row, int lane) const;

 private:
  void judge(DType dtype, const Word* next);

  alignas(64) std::array<Word, std::size_t{kLanes} * kRows> buffer;
};

// How many values from value k of a channel on, and before value `end`, to load
// at once: where the tensor can be read in place, such that it is.
template <class Word>
int block_count(const Tensor& tensor, const ChannelView& view, std::int64_t k,
                std::int64_t end);

}  // namespace exactbn
