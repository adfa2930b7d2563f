// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/sums/accumulator.h"
#include "reference/sums/kernels.h"
#include "reference/tensor.h"

namespace exactbn {

enum class SumColumn : std::uint8_t {
  narrow,     // fits fixed point of kWidth bits, or is all 0
  wide,       // finite, but does not fit
  nonfinite,  // has a NaN or an infinity
};

// A block of one tensor and the kinds of its columns. The tensor must outlive
// it.
template <class Word>
struct SumBlock {
  const Word* words = nullptr;  // in the tensor, or in `buffer`
  int rows = 0;
  std::array<SumColumn, kLanes> columns;
  alignas(64) std::array<double, kLanes> scale;

  // Loads consecutive values of one channel, in row order.
  void load_along(const Tensor& tensor, const ChannelView& view,
                  std::int64_t channel, std::int64_t k, int count);
  // Loads values k ... k + count of kLanes channels: column l is channel + l.
  // Needs view.inner = 1.
  void load_across(const Tensor& tensor, const ChannelView& view,
                   std::int64_t channel, std::int64_t k, int count);

  Columns<Word> view() const { return {words, scale.data()}; }
  // A finite value, decoded with integers only.
  Scaled at(int row, int lane) const;

 private:
  void classify(DType dtype, const Word* next);

  alignas(64) std::array<Word, std::size_t{kLanes} * kRows> buffer;
};

// The number of values to load at once, from value k of a channel on and before
// value `end`: chosen so that the tensor is read in place if possible.
template <class Word>
int block_count(const Tensor& tensor, const ChannelView& view, std::int64_t k,
                std::int64_t end);

}  // namespace exactbn
