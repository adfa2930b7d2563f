// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "reference/instruction_sets.h"

namespace exactbn {

namespace {

// The format of a block's words.
template <class Word>
constexpr DType kDType = sizeof(Word) == 4 ? DType::f32 : DType::f64;
template <class Word>
constexpr Format kFormat = format(kDType<Word>);

// The values of a block in a tensor: `runs` runs that begin `stride` apart,
// each of `length` values that are `step` apart.
struct Slice {
  std::int64_t first;
  std::int64_t runs;
  std::int64_t stride;
  std::int64_t length;
  std::int64_t step;
};

// How many runs ahead to prefetch.
constexpr std::int64_t kAhead = 16;

// Copies a slice; a step of 1 is a compile-time constant.
template <class Storage, class Word, class Convert>
void copy_as(const Tensor& tensor, const Slice& slice, Word* to,
             const Convert& convert) {
  const auto run = [&](const std::byte* from, std::int64_t step, Word* out) {
    EXACTBN_LANES
    for (std::int64_t j = 0; j < slice.length; ++j) {
      Storage bits;
      std::memcpy(&bits, from + j * step * std::int64_t{sizeof bits},
                  sizeof bits);
      out[j] = convert(bits);
    }
  };
  for (std::int64_t i = 0; i < slice.runs; ++i, to += slice.length) {
    const std::int64_t first = slice.first + i * slice.stride;
    const std::byte* from =
        tensor.bytes().data() + first * std::int64_t{sizeof(Storage)};
    if (i + kAhead < slice.runs) {
      __builtin_prefetch(from +
                         kAhead * slice.stride * std::int64_t{sizeof(Storage)});
    }
    if (slice.step == 1) {
      run(from, 1, to);
    } else {
      run(from, slice.step, to);
    }
  }
}

template <class Word>
void copy_any(const Tensor& tensor, const Slice& slice, Word* to) {
  for (std::int64_t i = 0; i < slice.runs; ++i) {
    for (std::int64_t j = 0; j < slice.length; ++j) {
      const double value =
          tensor.value(slice.first + i * slice.stride + j * slice.step);
      if constexpr (sizeof(Word) == 4) {
        *to++ = std::bit_cast<Word>(static_cast<float>(value));
      } else {
        *to++ = std::bit_cast<Word>(value);
      }
    }
  }
}

std::uint32_t f32_from_bf16(std::uint16_t bits) {
  return std::uint32_t{bits} << 16;
}

// Converts from a format with fewer exponent bits.
template <DType dtype>
std::uint32_t f32_from(std::uint32_t bits) {
  constexpr Format f = format(dtype);
  constexpr int kShift = 24 - f.precision;
  constexpr auto kSign = static_cast<std::uint32_t>(f.sign_bit());
  constexpr auto kSpecial = static_cast<std::uint32_t>(f.overflow()) << kShift;
  constexpr auto kBias = static_cast<std::uint32_t>(127 - f.bias()) << 23;
  constexpr std::uint32_t kHidden = 1u << 23;
  const std::uint32_t sign = (bits & kSign) << (32 - f.width);
  const std::uint32_t size = (bits & ~kSign) << kShift;
  // A subnormal is 2^emin (1 + fraction) - 2^emin.
  const auto tiny = std::bit_cast<std::uint32_t>(
      std::bit_cast<float>(size + kBias + kHidden) -
      std::bit_cast<float>(kBias + kHidden));
  const std::uint32_t usual = size + kBias + (size >= kSpecial ? kBias : 0);
  return sign | (size < kHidden ? tiny : usual);
}

template <class Word>
void copy(const Tensor& tensor, const Slice& slice, Word* to) {
  const auto same = [](Word bits) { return bits; };
  if (tensor.dtype() == kDType<Word>) {
    copy_as<Word>(tensor, slice, to, same);
  } else if (sizeof(Word) == 4 && tensor.dtype() == DType::f16) {
    copy_as<std::uint16_t>(tensor, slice, to, f32_from<DType::f16>);
  } else if (sizeof(Word) == 4 && tensor.dtype() == DType::bf16) {
    copy_as<std::uint16_t>(tensor, slice, to, f32_from_bf16);
  } else if (sizeof(Word) == 4 && tensor.dtype() == DType::f8e4m3fn) {
    copy_as<std::uint8_t>(tensor, slice, to, f32_from<DType::f8e4m3fn>);
  } else if (sizeof(Word) == 4 && tensor.dtype() == DType::f8e5m2) {
    copy_as<std::uint8_t>(tensor, slice, to, f32_from<DType::f8e5m2>);
  } else {
    copy_any(tensor, slice, to);
  }
}

// Shorter runs are copied, several to a block.
constexpr std::int64_t kShortRun = std::int64_t{16} * kLanes;

// The number of contiguous values from value k of a channel on.
std::int64_t run_length(const ChannelView& view, std::int64_t k) {
  return view.inner == 1 ? 1 : view.inner - k % view.inner;
}

// The `count` values from `first` on; null if the tensor does not hold that
// many as words.
template <class Word>
const Word* in_place(const Tensor& tensor, std::int64_t first,
                     std::int64_t count) {
  if (tensor.dtype() != kDType<Word> || first + count > tensor.size()) {
    return nullptr;
  }
  return reinterpret_cast<const Word*>(tensor.bytes().data()) + first;
}

}  // namespace

template <class Word>
int block_count(const Tensor& tensor, const ChannelView& view, std::int64_t k,
                std::int64_t end) {
  constexpr std::int64_t kMost = std::int64_t{kLanes} * kRows;
  const std::int64_t run = std::min(run_length(view, k), end - k);
  if (tensor.dtype() != kDType<Word> || run < kShortRun) {
    return static_cast<int>(std::min(kMost, end - k));
  }
  // Blocks of similar size; the remainder is copied.
  const std::int64_t blocks = (run + kMost - 1) / kMost;
  return static_cast<int>(run / blocks / kLanes * kLanes);
}

template <class Word>
void SumBlock<Word>::load_along(const Tensor& tensor, const ChannelView& view,
                                std::int64_t channel, std::int64_t k,
                                int count) {
  rows = (count + kLanes - 1) / kLanes;
  if (count == rows * kLanes && count <= run_length(view, k)) {
    words = in_place<Word>(tensor, view.offset(channel, k), count);
    if (words) {
      const std::int64_t next = k + count;
      const bool last = next >= view.count();
      return classify(
          tensor.dtype(),
          last ? nullptr
               : in_place<Word>(tensor, view.offset(channel, next), count));
    }
  }
  words = buffer.data();
  Word* to = buffer.data();
  Word* const end = to + count;
  while (to < end) {
    const bool single = view.inner == 1;
    const std::int64_t run = single ? count : run_length(view, k);
    const std::int64_t length = std::min<std::int64_t>(run, end - to);
    copy(tensor,
         {view.offset(channel, k), 1, 0, length, single ? view.channels : 1},
         to);
    to += length;
    k += length;
  }
  std::fill(end, buffer.data() + rows * kLanes, Word{0});
  classify(tensor.dtype(), nullptr);
}

template <class Word>
void SumBlock<Word>::load_across(const Tensor& tensor, const ChannelView& view,
                                 std::int64_t channel, std::int64_t k,
                                 int count) {
  copy(tensor, {view.offset(channel, k), count, view.channels, kLanes, 1},
       buffer.data());
  words = buffer.data();
  rows = count;
  classify(tensor.dtype(), nullptr);
}

template <class Word>
void SumBlock<Word>::classify(DType dtype, const Word* next) {
  constexpr Format f = kFormat<Word>;
  constexpr int kFraction = f.precision - 1;
  // Beyond these exponents a product could leave the range of double.
  constexpr int kTop = sizeof(Word) == 4 ? f.emax + 1 : 500;
  constexpr int kUnit = sizeof(Word) == 4 ? f.quantum() : -500;
  alignas(64) std::array<Word, kLanes> least;
  alignas(64) std::array<Word, kLanes> most;
  sum_kernels<Word>().range(words, rows, next, least.data(), most.data());
  for (std::size_t l = 0; l < kLanes; ++l) {
    scale[l] = 1;
    columns[l] = SumColumn::narrow;
    if (most[l] == 0) continue;
    const auto exponent = [&f](Word size) {
      return static_cast<int>(size >> kFraction) - f.bias();
    };
    const int top = exponent(most[l]) + 1;
    const int bottom = exponent(least[l] + 1);
    const int unit = std::max(bottom - (format(dtype).precision - 1),
                              format(dtype).quantum());
    // A column with a subnormal word is not narrow: the processor may be set to
    // flush subnormals.
    const bool fits = top - unit <= kWidth<Word> && bottom >= f.emin &&
                      top <= kTop && unit >= kUnit;
    if (most[l] >= f.overflow()) {
      columns[l] = SumColumn::nonfinite;
    } else if (!fits) {
      columns[l] = SumColumn::wide;
    } else {
      scale[l] =
          std::bit_cast<double>(static_cast<std::uint64_t>(top + 1023) << 52);
    }
  }
}

template <class Word>
Scaled SumBlock<Word>::at(int row, int lane) const {
  constexpr Format f = kFormat<Word>;
  const Word word = words[static_cast<std::size_t>(row) * kLanes +
                          static_cast<std::size_t>(lane)];
  constexpr Word kSign = static_cast<Word>(f.sign_bit());
  constexpr Word kHidden = Word{1} << (f.precision - 1);
  const Word size = word & ~kSign;
  const auto biased = static_cast<int>(size >> (f.precision - 1));
  const auto fraction = static_cast<std::int64_t>(size & (kHidden - 1));
  const auto hidden = static_cast<std::int64_t>(kHidden);
  const std::int64_t n = biased == 0 ? fraction : fraction | hidden;
  const int e = f.quantum() + std::max(biased, 1) - 1;
  return {word & kSign ? -n : n, e};
}

template struct SumBlock<std::uint32_t>;
template struct SumBlock<std::uint64_t>;
template int block_count<std::uint32_t>(const Tensor&, const ChannelView&,
                                        std::int64_t, std::int64_t);
template int block_count<std::uint64_t>(const Tensor&, const ChannelView&,
                                        std::int64_t, std::int64_t);

}  // namespace exactbn
