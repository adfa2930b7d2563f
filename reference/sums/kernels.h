// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace exactbn {

// A block is kLanes columns of up to kRows values each, row after row, as the
// bits of f32 (Word = uint32_t) or f64 (uint64_t). Every column is summed for
// itself, in doubles that hold integers below 2^53 of some unit: nothing is
// ever rounded, so that the width of the vectors cannot show.
inline constexpr int kLanes = 16;
inline constexpr int kRows = 128;

// Bits in the fixed-point numbers of a column (bounds.md, "Columns").
template <class Word>
inline constexpr int kWidth = sizeof(Word) == 4 ? 46 : 88;

// Doubles in which the sum of a column is left: their exact sum is the result.
template <class Word>
inline constexpr int kSumParts = sizeof(Word) == 4 ? 1 : 2;
template <class Word>
inline constexpr int kProductParts = sizeof(Word) == 4 ? 2 : 7;

// The columns of a block, and for each a power of 2 above all its magnitudes,
// which are multiples of 2^-kWidth of it. Other columns give nonsense.
template <class Word>
struct Columns {
  const Word* words;
  const double* scale;
};

template <class Word>
struct SumKernels {
  // The largest magnitude, and the smallest but 0, less 1; by their bits. As
  // many words from `next` on, unless it is null, are asked of the memory while
  // these are looked at.
  void (*range)(const Word* words, int rows, const Word* next, Word* least,
                Word* most);
  // parts: kSumParts or kProductParts rows of kLanes.
  void (*sum)(Columns<Word> a, int rows, double* parts);
  void (*square)(Columns<Word> a, int rows, double* parts);
  void (*product)(Columns<Word> a, Columns<Word> b, int rows, double* parts);
};

// For the best instruction set of this processor.
template <class Word>
SumKernels<Word> sum_kernels();
template <>
SumKernels<std::uint32_t> sum_kernels();
template <>
SumKernels<std::uint64_t> sum_kernels();

}  // namespace exactbn
