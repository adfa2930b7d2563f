// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/kernels.h"

#include <bit>
#include <cfloat>
#include <limits>
#include <type_traits>

#include "reference/instruction_sets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reference/sums/kernels.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#ifdef __FAST_MATH__
#error "-ffast-math would simplify (t + u) - u to t"
#endif
static_assert(FLT_EVAL_METHOD == 0,
              "double arithmetic must not have excess precision");

HWY_BEFORE_NAMESPACE();
namespace exactbn {
namespace {
namespace HWY_NAMESPACE {

template <class Word>
using Float = std::conditional_t<sizeof(Word) == 4, float, double>;
template <class Word>
EXACTBN_INLINE double value(Word word) {
  return std::bit_cast<Float<Word>>(word);
}

// t + kRound u rounds t to a multiple of u if |t| <= 2^51 u.
constexpr double kRound = 0x1.8p52;

// bounds.md, "Columns": bits of the upper part of a sum of f64, of the lower
// part of a product of f32, and of the digits of f64.
constexpr double kSumUnit = 0x1p-44;
constexpr double kProductUnit = 0x1p-46;
constexpr double kDigitUnit = 0x1p-22;
constexpr int kDigits = 4;

template <class Word>
void range(const Word* words, int rows, const Word* next, Word* least,
           Word* most) {
  using Signed = std::make_signed_t<Word>;
  constexpr Signed kMagnitude = std::numeric_limits<Signed>::max();
  Signed low[kLanes];
  Signed high[kLanes];
  for (int l = 0; l < kLanes; ++l) {
    low[l] = kMagnitude;
    high[l] = 0;
  }
  for (int r = 0; r < rows; ++r) {
    if (next) {
      constexpr int kLine = 64 / sizeof(Word);
      for (int l = 0; l < kLanes; l += kLine) {
        __builtin_prefetch(next + r * kLanes + l, 0, 2);
      }
    }
    EXACTBN_LANES
    for (int l = 0; l < kLanes; ++l) {
      const auto word = static_cast<Signed>(words[r * kLanes + l]);
      const Signed size = word & kMagnitude;
      const Signed below = (size - 1) & kMagnitude;  // 0 becomes the largest
      high[l] = size > high[l] ? size : high[l];
      low[l] = below < low[l] ? below : low[l];
    }
  }
  for (int l = 0; l < kLanes; ++l) {
    least[l] = static_cast<Word>(low[l]);
    most[l] = static_cast<Word>(high[l]);
  }
}

template <class Word>
void sum(Columns<Word> a, int rows, double* parts) {
  double unit[kLanes];
  double upper[kLanes] = {};
  double lower[kLanes] = {};
  for (int l = 0; l < kLanes; ++l) unit[l] = kRound * kSumUnit * a.scale[l];
  for (int r = 0; r < rows; ++r) {
    EXACTBN_LANES
    for (int l = 0; l < kLanes; ++l) {
      const double t = value(a.words[r * kLanes + l]);
      if constexpr (kSumParts<Word> == 1) {
        upper[l] += t;
      } else {
        const double rounded = (t + unit[l]) - unit[l];
        upper[l] += rounded;
        lower[l] += t - rounded;
      }
    }
  }
  for (int l = 0; l < kLanes; ++l) {
    parts[l] = upper[l];
    if constexpr (kSumParts<Word> == 2) parts[kLanes + l] = lower[l];
  }
}

// f32: the product of two significands fits a double. f64 needs digits instead.
template <class Word>
EXACTBN_INLINE void short_product(Columns<Word> a, Columns<Word> b, int rows,
                                  double* parts) {
  double unit[kLanes];
  double upper[kLanes] = {};
  double lower[kLanes] = {};
  for (int l = 0; l < kLanes; ++l) {
    unit[l] = kRound * kProductUnit * a.scale[l] * b.scale[l];
  }
  for (int r = 0; r < rows; ++r) {
    EXACTBN_LANES
    for (int l = 0; l < kLanes; ++l) {
      const int i = r * kLanes + l;
      const double t = value(a.words[i]) * value(b.words[i]);
      const double rounded = (t + unit[l]) - unit[l];
      upper[l] += rounded;
      lower[l] += t - rounded;
    }
  }
  for (int l = 0; l < kLanes; ++l) {
    parts[l] = upper[l];
    parts[kLanes + l] = lower[l];
  }
}

// f64: splits every significand into four digits, whose products are short.
template <class Word, bool square>
EXACTBN_INLINE void long_product(Columns<Word> a, Columns<Word> b, int rows,
                                 double* parts) {
  double unit_a[kDigits - 1][kLanes];
  double unit_b[kDigits - 1][kLanes];
  double sums[2 * kDigits - 1][kLanes] = {};
  for (int l = 0; l < kLanes; ++l) {
    double unit = kRound;
    for (int k = 0; k + 1 < kDigits; ++k) {
      unit *= kDigitUnit;
      unit_a[k][l] = unit * a.scale[l];
      unit_b[k][l] = unit * b.scale[l];
    }
  }
  for (int r = 0; r < rows; ++r) {
    EXACTBN_LANES
    for (int l = 0; l < kLanes; ++l) {
      double x[kDigits];
      double y[kDigits];
      double s = value(a.words[r * kLanes + l]);
      double t = value(b.words[r * kLanes + l]);
      for (int k = 0; k + 1 < kDigits; ++k) {
        x[k] = (s + unit_a[k][l]) - unit_a[k][l];
        y[k] = (t + unit_b[k][l]) - unit_b[k][l];
        s -= x[k];
        t -= y[k];
      }
      x[kDigits - 1] = s;
      y[kDigits - 1] = t;
      for (int i = 0; i < kDigits; ++i) {
        for (int j = 0; j < kDigits; ++j) {
          if (!square) {
            sums[i + j][l] += x[i] * y[j];
          } else if (i <= j) {
            sums[i + j][l] += (i < j ? 2 * x[i] : x[i]) * x[j];
          }
        }
      }
    }
  }
  for (int k = 0; k < 2 * kDigits - 1; ++k) {
    for (int l = 0; l < kLanes; ++l) parts[k * kLanes + l] = sums[k][l];
  }
}

template <class Word>
void square(Columns<Word> a, int rows, double* parts) {
  if constexpr (kProductParts<Word> == 2) {
    short_product(a, a, rows, parts);
  } else {
    long_product<Word, true>(a, a, rows, parts);
  }
}

template <class Word>
void product(Columns<Word> a, Columns<Word> b, int rows, double* parts) {
  if constexpr (kProductParts<Word> == 2) {
    short_product(a, b, rows, parts);
  } else {
    long_product<Word, false>(a, b, rows, parts);
  }
}

template <class Word>
SumKernels<Word> all_of() {
  return {range<Word>, sum<Word>, square<Word>, product<Word>};
}
SumKernels<std::uint32_t> of_f32() { return all_of<std::uint32_t>(); }
SumKernels<std::uint64_t> of_f64() { return all_of<std::uint64_t>(); }

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn {

namespace {

HWY_EXPORT(of_f32);
HWY_EXPORT(of_f64);

}  // namespace

template <>
SumKernels<std::uint32_t> sum_kernels() {
  return HWY_DYNAMIC_DISPATCH(of_f32)();
}

template <>
SumKernels<std::uint64_t> sum_kernels() {
  return HWY_DYNAMIC_DISPATCH(of_f64)();
}

}  // namespace exactbn
#endif
