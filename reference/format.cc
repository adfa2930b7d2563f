// SPDX-License-Identifier: Apache-2.0
#include "reference/format.h"

#include <algorithm>
#include <stdexcept>

namespace exactbn {

std::optional<DType> parse_dtype(std::string_view name) {
  for (const DType dtype : kDTypes) {
    if (format(dtype).name == name) return dtype;
  }
  return std::nullopt;
}

namespace {

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

std::uint64_t round_magnitude(bool negative, const Integer& n, std::int64_t e,
                              bool inexact, DType dtype) {
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
    const bool rest = inexact || lsb(n) < cut - 1;
    if (half && (rest || (kept & 1) != 0)) ++kept;
  }
  // The hidden bit of the significand adds 1 to the exponent field, and a carry
  // out of the significand adds another 1; both are right.
  const auto field = static_cast<std::uint64_t>(unit - f.quantum());
  const std::uint64_t bits = (field << (f.precision - 1)) + kept;
  return sign | std::min(bits, f.overflow());
}

std::uint64_t round_to(const Dyadic& value, DType dtype) {
  return round_magnitude(value.sign() < 0, abs(value.n), value.e, false, dtype);
}

std::uint64_t round_to(const Surd& s, DType dtype) {
  const int sgn = sign(s);
  if (sgn == 0) return 0;
  const Format f = format(dtype);
  // Two bits more than the precision, but none below a quarter of the quantum.
  const Leading leading =
      leading_bits(absolute(s), f.precision + 2, 2 - f.quantum());
  return round_magnitude(sgn < 0, leading.floor.n, -leading.k,
                         leading.floor.inexact, dtype);
}

std::uint64_t round_to(double value, DType dtype) {
  return with_dtype(dtype, [value]<DType d>() { return round_to<d>(value); });
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
