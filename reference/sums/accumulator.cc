// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/accumulator.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace exactbn {

void ExactSum::add(std::int64_t n, int e) {
  const auto position = static_cast<std::size_t>(e - kLowest);
  const std::size_t digit = position / kDigitBits;
  const int shift = static_cast<int>(position % kDigitBits);
  // n 2^shift in two's complement: 64 low bits and the signed rest.
  const std::uint64_t low = static_cast<std::uint64_t>(n) << shift;
  digits_[digit] += static_cast<std::uint32_t>(low);
  digits_[digit + 1] += static_cast<std::uint32_t>(low >> kDigitBits);
  digits_[digit + 2] += (n >> kDigitBits) >> (kDigitBits - shift);
  begin_ = std::min(begin_, digit);
  end_ = std::max(end_, digit + 3);
  if (++load_ == kMaxLoad) carry();
}

void ExactSum::add(double value) {
  // Uses the bits alone, so that no processor mode matters.
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t hidden = std::uint64_t{1} << 52;
  const auto exponent = static_cast<int>((bits >> 52) & 0x7ff);
  if (exponent == 0) return;
  const auto n = static_cast<std::int64_t>((bits & (hidden - 1)) | hidden);
  add(bits >> 63 ? -n : n, exponent - 1075);
}

void ExactSum::add_product(const Scaled& a, const Scaled& b) {
  // Halves of 26 and 27 bits, so that every product stays below 2^55.
  constexpr int kHalf = 27;
  constexpr std::int64_t kLow = (std::int64_t{1} << kHalf) - 1;
  const std::int64_t a1 = a.n >> kHalf;
  const std::int64_t a0 = a.n & kLow;
  const std::int64_t b1 = b.n >> kHalf;
  const std::int64_t b0 = b.n & kLow;
  const int e = a.e + b.e;
  add(a1 * b1, e + 2 * kHalf);
  add(a1 * b0 + a0 * b1, e + kHalf);
  add(a0 * b0, e);
}

void ExactSum::carry() {
  // Brings all digits but the last into [0, 2^32); the last has the sign.
  for (std::size_t i = begin_; i < end_ && i + 1 < kDigits; ++i) {
    digits_[i + 1] += digits_[i] >> kDigitBits;
    digits_[i] = static_cast<std::uint32_t>(digits_[i]);
  }
  end_ = std::min(end_ + 1, kDigits);
  load_ = 0;
}

Dyadic ExactSum::value() const {
  if (begin_ >= end_) return {};
  ExactSum sum = *this;
  sum.carry();
  const bool negative = sum.digits_[sum.end_ - 1] < 0;
  if (negative) {
    for (std::size_t i = begin_; i < sum.end_; ++i) {
      sum.digits_[i] = -sum.digits_[i];
    }
    sum.carry();
  }
  std::vector<std::uint32_t> words;
  for (std::size_t i = begin_; i < sum.end_; ++i) {
    words.push_back(static_cast<std::uint32_t>(sum.digits_[i]));
  }
  Integer n;
  import_bits(n, words.begin(), words.end(), kDigitBits, false);
  const auto digit = static_cast<std::int64_t>(begin_);
  return canonical({negative ? Integer(-n) : n, kLowest + kDigitBits * digit});
}

Dyadic canonical(const Dyadic& value) {
  if (value.n.is_zero()) return {};
  const auto zeros = static_cast<std::int64_t>(lsb(abs(value.n)));
  return {shifted(value.n, -zeros), value.e + zeros};
}

}  // namespace exactbn
