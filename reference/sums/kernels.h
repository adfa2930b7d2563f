// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace exactbn {

// A block is kLanes columns of up to kRows values each, row after row, as the
// bits of f32 (Word = uint32_t) or f64 (uint64_t). Every column is summed
// separately, in doubles that hold integers below 2^53 of some unit. Nothing is
// ever rounded, so the result does not depend on the vector width.
inline constexpr int kLanes = 16;
inline constexpr int kRows = 128;

// Bits of the fixed-point numbers in a column (bounds.md, "Columns").
template <class Word>
inline constexpr int kWidth = sizeof(Word) == 4 ? 46 : 88;

// The number of doubles that hold the sum of a column: their exact sum is the
// result.
template <class Word>
inline constexpr int kSumParts = sizeof(Word) == 4 ? 1 : 2;
template <class Word>
inline constexpr int kProductParts = sizeof(Word) == 4 ? 2 : 7;

// The columns of a block. scale[l] is a power of 2 above all magnitudes of
// column l, which are multiples of 2^-kWidth scale[l]; otherwise the result for
// that column is meaningless.
template <class Word>
struct Columns {
  const Word* words;
  const double* scale;
};

template <class Word>
struct SumKernels {
  // Finds in each column the bits of the largest magnitude, and of the smallest
  // nonzero one minus 1. Prefetches as many words from `next` on, unless it is
  // null.
  void (*range)(const Word* words, int rows, const Word* next, Word* least,
                Word* most);
  // parts: kSumParts or kProductParts rows of kLanes.
  void (*sum)(Columns<Word> a, int rows, double* parts);
  void (*square)(Columns<Word> a, int rows, double* parts);
  void (*product)(Columns<Word> a, Columns<Word> b, int rows, double* parts);
};

// The kernels for the best instruction set of this processor.
template <class Word>
SumKernels<Word> sum_kernels();
template <>
SumKernels<std::uint32_t> sum_kernels();
template <>
SumKernels<std::uint64_t> sum_kernels();

}  // namespace exactbn
