// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/block_io.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace exactbn {

namespace {

template <class Word>
const Word* words(const Tensor& tensor, std::int64_t begin) {
  // TensorBytes are aligned for every fundamental type.
  return reinterpret_cast<const Word*>(tensor.bytes().data()) + begin;
}

template <class Word>
Word* words(Tensor& tensor, std::int64_t begin) {
  return reinterpret_cast<Word*>(tensor.bytes().data()) + begin;
}

// How a format of at most 16 bits maps to the fields of a double.
template <DType dtype>
struct AsDouble {
  static constexpr Format kFormat = format(dtype);
  static constexpr int kShift = 53 - kFormat.precision;
  static constexpr auto kBias =
      static_cast<std::uint64_t>(1023 - kFormat.bias()) << 52;
  static constexpr std::uint64_t kHidden = std::uint64_t{1} << 52;
  static constexpr std::uint64_t kSpecial = kFormat.overflow() << kShift;
  // 2^emin as a double: in the format, exponent field 1 and fraction 0.
  static constexpr auto kNormal = std::bit_cast<double>(kBias + kHidden);
};

// Both directions are branch-free, so that compilers vectorize them.
template <DType dtype>
double widened(std::uint64_t bits) {
  using As = AsDouble<dtype>;
  constexpr std::uint64_t kSign = As::kFormat.sign_bit();
  const std::uint64_t sign = (bits & kSign) << (64 - As::kFormat.width);
  const std::uint64_t size = (bits & ~kSign) << As::kShift;
  // A subnormal is 2^emin (1 + fraction) - 2^emin.
  const auto tiny = std::bit_cast<std::uint64_t>(
      std::bit_cast<double>(size + As::kBias + As::kHidden) - As::kNormal);
  const std::uint64_t usual =
      size + As::kBias + (size >= As::kSpecial ? As::kBias : 0);
  return std::bit_cast<double>(sign | (size < As::kHidden ? tiny : usual));
}

// The bits of an infinity or of a value that the format holds.
template <DType dtype>
std::uint64_t narrowed(double value) {
  using As = AsDouble<dtype>;
  constexpr int kToSign = 64 - As::kFormat.width;
  const auto sign =
      std::bit_cast<std::uint64_t>(value) >> kToSign & As::kFormat.sign_bit();
  const double size = std::fabs(value);
  const bool subnormal = size < As::kNormal;
  const auto shifted =
      std::bit_cast<std::uint64_t>(subnormal ? size + As::kNormal : size);
  const std::uint64_t lowest = As::kBias + (subnormal ? As::kHidden : 0);
  const std::uint64_t field = (shifted - lowest) >> As::kShift;
  return sign | std::min(field, As::kFormat.overflow());
}

template <DType dtype, class Word>
void load_words(const Tensor& tensor, std::int64_t begin, std::int64_t n,
                double* to) {
  const auto* from = words<Word>(tensor, begin);
  for (std::int64_t i = 0; i < n; ++i) to[i] = widened<dtype>(from[i]);
}

template <DType dtype, class Word>
void store_words(const double* from, std::int64_t begin, std::int64_t n,
                 Tensor& tensor) {
  auto* to = words<Word>(tensor, begin);
  for (std::int64_t i = 0; i < n; ++i) {
    to[i] = static_cast<Word>(narrowed<dtype>(from[i]));
  }
}

std::uint16_t to_bf16(double value) {
  const auto single = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<std::uint16_t>(single >> 16);
}

double from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace

const double* load_block(const Tensor& tensor, std::int64_t begin,
                         std::int64_t n, double* buffer) {
  switch (tensor.dtype()) {
    case DType::f64:
      return words<double>(tensor, begin);
    case DType::f32: {
      const auto* from = words<float>(tensor, begin);
      for (std::int64_t i = 0; i < n; ++i) buffer[i] = from[i];
      break;
    }
    case DType::f16:
      load_words<DType::f16, std::uint16_t>(tensor, begin, n, buffer);
      break;
    case DType::bf16: {
      const auto* from = words<std::uint16_t>(tensor, begin);
      for (std::int64_t i = 0; i < n; ++i) buffer[i] = from_bf16(from[i]);
      break;
    }
    case DType::f8e4m3fn:
      load_words<DType::f8e4m3fn, std::uint8_t>(tensor, begin, n, buffer);
      break;
    case DType::f8e5m2:
      load_words<DType::f8e5m2, std::uint8_t>(tensor, begin, n, buffer);
      break;
  }
  return buffer;
}

double* block_target(Tensor& tensor, std::int64_t begin, double* buffer) {
  return tensor.dtype() == DType::f64 ? words<double>(tensor, begin) : buffer;
}

void store_block(const double* values, std::int64_t begin, std::int64_t n,
                 Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::f64:
      if (double* to = words<double>(tensor, begin); to != values) {
        std::copy_n(values, n, to);
      }
      break;
    case DType::f32: {
      auto* to = words<float>(tensor, begin);
      for (std::int64_t i = 0; i < n; ++i) {
        to[i] = static_cast<float>(values[i]);
      }
      break;
    }
    case DType::f16:
      store_words<DType::f16, std::uint16_t>(values, begin, n, tensor);
      break;
    case DType::bf16: {
      auto* to = words<std::uint16_t>(tensor, begin);
      for (std::int64_t i = 0; i < n; ++i) to[i] = to_bf16(values[i]);
      break;
    }
    case DType::f8e4m3fn:
      store_words<DType::f8e4m3fn, std::uint8_t>(values, begin, n, tensor);
      break;
    case DType::f8e5m2:
      store_words<DType::f8e5m2, std::uint8_t>(values, begin, n, tensor);
      break;
  }
}

}  // namespace exactbn
