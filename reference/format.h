// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reference/dyadic.h"

namespace exactbn {

enum class DType : std::uint8_t { f64, f32, f16, bf16, f8e4m3fn, f8e5m2 };

inline constexpr std::array kDTypes = {DType::f64,      DType::f32,
                                       DType::f16,      DType::bf16,
                                       DType::f8e4m3fn, DType::f8e5m2};

// The constants of a binary interchange format (IEEE 754-2019, table 3.5; bf16
// is the upper half of binary32; the two of 8 bits are those of the Open
// Compute Project's "OFP8", revision 1.0). E4M3FN has no infinities: the
// exponents that would hold them are numbers, but for a single NaN of either
// sign, and that is what a number beyond the range becomes.
struct Format {
  std::string_view name;
  int width;      // bits of storage
  int precision;  // significand bits, the hidden one included
  int emax;       // every finite value is below 2^(emax + 1)
  int emin;       // the smallest normal value is 2^emin
  bool infinities = true;

  constexpr int bias() const { return 1 - emin; }
  // Exponent of the smallest subnormal, the unit of every finite value.
  constexpr int quantum() const { return emin - (precision - 1); }
  constexpr int hex_digits() const { return width / 4; }
  constexpr std::uint64_t sign_bit() const {
    return std::uint64_t{1} << (width - 1);
  }
  // What a number beyond the range becomes, the pattern after the largest
  // number's: infinity, or NaN where there are no infinities.
  constexpr std::uint64_t overflow() const {
    return sign_bit() - (infinities ? std::uint64_t{1} << (precision - 1) : 1);
  }
  constexpr std::uint64_t quiet_nan() const {
    return overflow() | (std::uint64_t{1} << (precision - 2));
  }
  // u = 2^-precision, the largest relative error of one rounding.
  constexpr double unit_roundoff() const {
    return 1.0 / static_cast<double>(std::uint64_t{1} << precision);
  }
};

constexpr Format format(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return {"f64", 64, 53, 1023, -1022};
    case DType::f32:
      return {"f32", 32, 24, 127, -126};
    case DType::f16:
      return {"f16", 16, 11, 15, -14};
    case DType::bf16:
      return {"bf16", 16, 8, 127, -126};
    case DType::f8e4m3fn:
      return {"f8e4m3fn", 8, 4, 8, -6, false};
    case DType::f8e5m2:
      break;
  }
  return {"f8e5m2", 8, 3, 15, -14};
}

std::optional<DType> parse_dtype(std::string_view name);

constexpr bool is_negative(std::uint64_t bits, DType dtype) {
  return (bits & format(dtype).sign_bit()) != 0;
}
constexpr std::uint64_t magnitude(std::uint64_t bits, DType dtype) {
  return bits & ~format(dtype).sign_bit();
}
constexpr bool is_finite(std::uint64_t bits, DType dtype) {
  return magnitude(bits, dtype) < format(dtype).overflow();
}
constexpr bool is_infinite(std::uint64_t bits, DType dtype) {
  const Format f = format(dtype);
  return f.infinities && magnitude(bits, dtype) == f.overflow();
}
constexpr bool is_nan(std::uint64_t bits, DType dtype) {
  return !is_finite(bits, dtype) && !is_infinite(bits, dtype);
}

// The exact value of finite bits. Throws std::invalid_argument on a NaN or an
// infinity.
Dyadic decode(std::uint64_t bits, DType dtype);

// The number that the pattern after the largest number's would be, did the
// exponents go on: 2^(emax + 1), but 480 in E4M3FN.
Dyadic first_beyond(DType dtype);

// The same value as a double, which holds every value of every format; NaN and
// infinities included.
double to_double(std::uint64_t bits, DType dtype);

// The bits nearest to the number whose magnitude is n 2^e, or, where `more`,
// lies strictly between n 2^e and (n + 1) 2^e; ties to even, subnormals kept,
// overflow() beyond the range. n >= 0. Where `more`, 2^e must be at most half
// the unit in the last place of the result: pass bit_length(n) > precision, or
// e < quantum().
std::uint64_t round_magnitude(bool negative, const Integer& n, std::int64_t e,
                              bool more, DType dtype);

// The bits nearest to an exact number, ties to even. Zero is +0.
std::uint64_t round_to(const Dyadic& value, DType dtype);

// The bits nearest to a double; NaN and infinities are kept, the latter as
// overflow().
std::uint64_t round_to(double value, DType dtype);

// 2^(exponent of the unit in the last place) of the binade that holds 2^top.
// The ulp of a number x with 2^top <= |x| < 2^(top+1).
std::int64_t ulp_exponent(std::int64_t top, DType dtype);

// Fixed-width lower-case hexadecimal, most significant digit first.
std::string to_hex(std::uint64_t bits, DType dtype);

// The bits that `text` writes; nothing unless it is exactly as to_hex gives it.
std::optional<std::uint64_t> parse_hex(std::string_view text, DType dtype);

// The value as C's %a would print it, with just the digits of the format:
// 0x1.9a3f2cp-1, -0x0p+0, inf, nan.
std::string to_hexfloat(std::uint64_t bits, DType dtype);

}  // namespace exactbn
