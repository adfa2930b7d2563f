// SPDX-License-Identifier: Apache-2.0
#include "reference/format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace exactbn {

std::optional<DType> parse_dtype(std::string_view name) {
  for (const DType dtype : kDTypes) {
    if (format(dtype).name == name) return dtype;
  }
  return std::nullopt;
}

namespace {

// Of a double: the bits below the hidden one, and the bias of its exponent.
constexpr int kFractionBits = 52;
constexpr int kDoubleBias = 1023;

// A finite value as significand * 2^exponent.
struct Parts {
  std::uint64_t significand;
  int exponent;
};

Parts split(std::uint64_t bits, DType dtype) {
  const Format f = format(dtype);
  const std::uint64_t size = magnitude(bits, dtype);
  const std::uint64_t hidden = std::uint64_t{1} << (f.precision - 1);
  const auto biased = static_cast<int>(size >> (f.precision - 1));
  const std::uint64_t fraction = size & (hidden - 1);
  if (biased == 0) return {fraction, f.quantum()};
  return {fraction | hidden, f.quantum() + biased - 1};
}

}  // namespace

Dyadic first_beyond(DType dtype) {
  const auto [significand, exponent] = split(format(dtype).overflow(), dtype);
  return {significand, exponent};
}

Dyadic decode(std::uint64_t bits, DType dtype) {
  if (!is_finite(bits, dtype)) {
    throw std::invalid_argument("an exact number must be finite");
  }
  auto [significand, exponent] = split(bits, dtype);
  if (significand == 0) return {};
  // Fewer trailing zeros keep every later product short.
  const int zeros = std::countr_zero(significand);
  const Integer n = significand >> zeros;
  return {is_negative(bits, dtype) ? Integer(-n) : n, exponent + zeros};
}

double to_double(std::uint64_t bits, DType dtype) {
  if (dtype == DType::f64) return std::bit_cast<double>(bits);
  const Format f = format(dtype);
  const double sign = is_negative(bits, dtype) ? -1 : 1;
  if (is_nan(bits, dtype)) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinite(bits, dtype)) {
    return sign * std::numeric_limits<double>::infinity();
  }
  const std::uint64_t size = magnitude(bits, dtype);
  const auto biased = [](int exponent) {
    return static_cast<std::uint64_t>(kDoubleBias + exponent) << kFractionBits;
  };
  // A normal number's fields are a double's but for their widths and the bias.
  if (size >> (f.precision - 1) != 0) {
    const std::uint64_t fields = size << (kFractionBits + 1 - f.precision);
    return sign * std::bit_cast<double>(fields + biased(-f.bias()));
  }
  return sign * static_cast<double>(size) *
         std::bit_cast<double>(biased(f.quantum()));
}

std::uint64_t round_magnitude(bool negative, const Integer& n, std::int64_t e,
                              bool more, DType dtype) {
  const Format f = format(dtype);
  const std::uint64_t sign = negative ? f.sign_bit() : 0;
  const std::int64_t length = bit_length(n);
  if (length == 0) return sign;  // below 2^e, at most half the quantum
  // The result is a multiple of 2^unit, in the binade of n 2^e or one above.
  const std::int64_t unit = ulp_exponent(e + length - 1, dtype);
  if (e + length - 1 > f.emax) return sign | f.overflow();
  const std::int64_t shift = unit - e;
  if (shift > length) return sign;  // below half the quantum
  std::uint64_t kept = 0;
  if (shift <= 0) {
    kept = static_cast<std::uint64_t>(shifted(n, -shift));
  } else {
    const auto cut = static_cast<std::size_t>(shift);
    kept = static_cast<std::uint64_t>(Integer(n >> cut));
    const bool half = bit_test(n, static_cast<unsigned>(cut - 1));
    const bool rest = more || lsb(n) < cut - 1;
    if (half && (rest || (kept & 1) != 0)) ++kept;
  }
  // A significand with its hidden bit adds 1 to the exponent field below it,
  // and a carry out of the significand adds another: both as they should.
  const auto field = static_cast<std::uint64_t>(unit - f.quantum());
  const std::uint64_t bits = (field << (f.precision - 1)) + kept;
  return sign | std::min(bits, f.overflow());
}

std::uint64_t round_to(const Dyadic& value, DType dtype) {
  return round_magnitude(value.sign() < 0, abs(value.n), value.e, false, dtype);
}

std::uint64_t round_to(double value, DType dtype) {
  const Format f = format(dtype);
  if (dtype == DType::f64) return std::bit_cast<std::uint64_t>(value);
  if (std::isnan(value)) return f.quiet_nan();
  const std::uint64_t sign = std::signbit(value) ? f.sign_bit() : 0;
  if (std::isinf(value)) return sign | f.overflow();
  // As round_magnitude does, in one word. A double below its normal numbers
  // lies far below half of any other format's quantum.
  const std::uint64_t fields = std::bit_cast<std::uint64_t>(std::fabs(value));
  if (fields >> kFractionBits == 0) return sign;
  const int top = static_cast<int>(fields >> kFractionBits) - kDoubleBias;
  if (top > f.emax) return sign | f.overflow();
  constexpr std::uint64_t kHidden = std::uint64_t{1} << kFractionBits;
  const std::uint64_t significand = (fields & (kHidden - 1)) | kHidden;
  const int unit = std::max(top - (f.precision - 1), f.quantum());
  const int cut = unit - (top - kFractionBits);
  if (cut > kFractionBits + 1) return sign;  // below half the quantum
  std::uint64_t kept = significand >> cut;
  const std::uint64_t half = std::uint64_t{1} << (cut - 1);
  const std::uint64_t rest = significand & (2 * half - 1);
  if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  const auto field = static_cast<std::uint64_t>(unit - f.quantum());
  const std::uint64_t result = (field << (f.precision - 1)) + kept;
  return sign | std::min(result, f.overflow());
}

std::int64_t ulp_exponent(std::int64_t top, DType dtype) {
  const Format f = format(dtype);
  return std::max<std::int64_t>(top - (f.precision - 1), f.quantum());
}

namespace {
constexpr std::string_view kDigits = "0123456789abcdef";
}  // namespace

std::string to_hex(std::uint64_t bits, DType dtype) {
  std::string text(static_cast<std::size_t>(format(dtype).hex_digits()), '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
    *digit = kDigits[bits & 15];
    bits >>= 4;
  }
  return text;
}

std::optional<std::uint64_t> parse_hex(std::string_view text, DType dtype) {
  if (text.size() != static_cast<std::size_t>(format(dtype).hex_digits())) {
    return std::nullopt;
  }
  std::uint64_t bits = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 4 | digit;
  }
  return bits;
}

std::string to_hexfloat(std::uint64_t bits, DType dtype) {
  if (is_nan(bits, dtype)) return "nan";
  std::string text = is_negative(bits, dtype) ? "-" : "";
  if (is_infinite(bits, dtype)) return text + "inf";
  auto [significand, exponent] = split(bits, dtype);
  if (significand == 0) return text + "0x0p+0";
  // One bit before the point, then the others in whole hexadecimal digits.
  const int top = static_cast<int>(std::bit_width(significand)) - 1;
  std::uint64_t fraction = significand << (63 - top) << 1;
  text += "0x1";
  if (fraction != 0) text += '.';
  for (; fraction != 0; fraction <<= 4) text += kDigits[fraction >> 60];
  const int p = exponent + top;
  return text + 'p' + (p < 0 ? "" : "+") + std::to_string(p);
}

}  // namespace exactbn
