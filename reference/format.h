// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "reference/number/dyadic.h"
#include "reference/number/surd.h"

namespace exactbn {

enum class DType : std::uint8_t { f64, f32, f16, bf16, f8e4m3fn, f8e5m2 };

inline constexpr std::array kDTypes = {DType::f64,      DType::f32,
                                       DType::f16,      DType::bf16,
                                       DType::f8e4m3fn, DType::f8e5m2};

// The constants of a binary interchange format (IEEE 754-2019, table 3.5; bf16
// is the upper half of binary32; the 8-bit formats are the Open Compute
// Project's "OFP8", revision 1.0). E4M3FN has no infinities: its largest
// exponent holds numbers and a single NaN of either sign, which numbers beyond
// the range become.
struct Format {
  std::string_view name;
  int width;      // bits of storage
  int precision;  // significand bits, including the hidden one
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
  // What a number beyond the range becomes: infinity, or NaN in a format
  // without infinities. It is the pattern after the largest number.
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

constexpr std::size_t width_in_bytes(DType dtype) {
  return static_cast<std::size_t>(format(dtype).width) / 8;
}

// Calls action<dtype>(): loops with a constant format are fast.
template <class Do>
decltype(auto) with_dtype(DType dtype, const Do& action) {
  switch (dtype) {
    case DType::f64:
      return action.template operator()<DType::f64>();
    case DType::f32:
      return action.template operator()<DType::f32>();
    case DType::f16:
      return action.template operator()<DType::f16>();
    case DType::bf16:
      return action.template operator()<DType::bf16>();
    case DType::f8e4m3fn:
      return action.template operator()<DType::f8e4m3fn>();
    case DType::f8e5m2:
      break;
  }
  return action.template operator()<DType::f8e5m2>();
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

// Whether both represent one value, regardless of the sign of a zero and the
// payload of a NaN.
constexpr bool same_value(std::uint64_t a, std::uint64_t b, DType dtype) {
  const bool zeros = magnitude(a, dtype) == 0 && magnitude(b, dtype) == 0;
  return a == b || zeros || (is_nan(a, dtype) && is_nan(b, dtype));
}

// The exact value of finite bits. Throws std::invalid_argument on a NaN or an
// infinity.
Dyadic decode(std::uint64_t bits, DType dtype);

// The number after the largest if the exponents went on: 2^(emax + 1), but 480
// in E4M3FN.
Dyadic first_beyond(DType dtype);

// The fraction bits and the exponent bias of a double.
inline constexpr int kFractionBits = 52;
inline constexpr int kDoubleBias = 1023;

// The value of bits in a format shorter than f32, field by field.
template <DType dtype>
constexpr double short_to_double(std::uint64_t bits) {
  constexpr Format f = format(dtype);
  const double sign = is_negative(bits, dtype) ? -1 : 1;
  if (is_nan(bits, dtype)) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinite(bits, dtype)) {
    return sign * std::numeric_limits<double>::infinity();
  }
  const std::uint64_t size = magnitude(bits, dtype);
  const auto biased = [](int exponent) {
    return static_cast<std::uint64_t>(kDoubleBias + exponent) << kFractionBits;
  };
  // A normal number's fields are a double's except for their widths and the
  // bias.
  if (size >> (f.precision - 1) != 0) {
    const std::uint64_t fields = size << (kFractionBits + 1 - f.precision);
    return sign * std::bit_cast<double>(fields + biased(-f.bias()));
  }
  return sign * static_cast<double>(size) *
         std::bit_cast<double>(biased(f.quantum()));
}

// All values of an 8-bit format.
template <DType dtype>
inline constexpr std::array<double, 256> kShortValues = [] {
  std::array<double, 256> values = {};
  for (std::size_t bits = 0; bits < values.size(); ++bits) {
    values[bits] = short_to_double<dtype>(bits);
  }
  return values;
}();

// The value as a double, which holds every value of every format, including NaN
// and infinities.
template <DType dtype>
double to_double(std::uint64_t bits) {
  if constexpr (dtype == DType::f64) {
    return std::bit_cast<double>(bits);
  } else if constexpr (dtype == DType::f32) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    return value == value ? static_cast<double>(value)
                          : std::numeric_limits<double>::quiet_NaN();
  } else if constexpr (dtype == DType::bf16) {
    return to_double<DType::f32>((bits & 0xffff) << 16);
  } else if constexpr (format(dtype).width == 8) {
    return kShortValues<dtype>[bits & 0xff];
  } else {
    return short_to_double<dtype>(bits);
  }
}
inline double to_double(std::uint64_t bits, DType dtype) {
  return with_dtype(dtype, [bits]<DType d>() { return to_double<d>(bits); });
}

// The bits nearest to the number whose magnitude is n 2^e or, if `inexact`,
// lies strictly between n 2^e and (n + 1) 2^e; ties to even, subnormals kept,
// overflow() beyond the range. n >= 0. If `inexact`, 2^e must be at most half
// the unit in the last place of the result: pass bit_length(n) > precision, or
// e < quantum().
std::uint64_t round_magnitude(bool negative, const Integer& n, std::int64_t e,
                              bool inexact, DType dtype);

// The bits nearest to an exact number, ties to even. Zero is +0.
std::uint64_t round_to(const Dyadic& value, DType dtype);

// The bits nearest to s, ties to even. Decided, not estimated: the bits below
// the last one kept enter as an exact floor and the flag `inexact`.
std::uint64_t round_to(const Surd& s, DType dtype);

// The bits nearest to a double; NaN is kept, infinities become overflow().
template <DType dtype>
std::uint64_t round_to(double value) {
  constexpr Format f = format(dtype);
  if constexpr (dtype == DType::f64) {
    return std::bit_cast<std::uint64_t>(value);
  } else if constexpr (dtype == DType::f32) {
    if (value != value) return f.quiet_nan();
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  } else {
    if (value != value) return f.quiet_nan();
    const std::uint64_t sign = std::signbit(value) ? f.sign_bit() : 0;
    const std::uint64_t fields = std::bit_cast<std::uint64_t>(std::fabs(value));
    // From the smallest normal number on, the fields are a double's except for
    // the bias and the bits cut off.
    constexpr auto biased = [](int exponent) {
      return static_cast<std::uint64_t>(kDoubleBias + exponent)
             << kFractionBits;
    };
    if (fields >= biased(f.emin) && fields < biased(f.emax + 1)) {
      constexpr int kCut = kFractionBits + 1 - f.precision;
      constexpr std::uint64_t kHalf = std::uint64_t{1} << (kCut - 1);
      const std::uint64_t odd = fields >> kCut & 1;
      const std::uint64_t rounded = (fields + (kHalf - 1) + odd) >> kCut;
      constexpr std::uint64_t kRebiased = biased(-f.bias()) >> kCut;
      return sign | std::min(rounded - kRebiased, f.overflow());
    }
    // As in round_magnitude, in one word. A subnormal double is far below half
    // of any other format's quantum.
    if (fields >> kFractionBits == 0) return sign;
    const int top = static_cast<int>(fields >> kFractionBits) - kDoubleBias;
    if (top > f.emax) return sign | f.overflow();  // also infinities
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
}
std::uint64_t round_to(double value, DType dtype);

// The exponent of the ulp of a number x with 2^top <= |x| < 2^(top+1).
std::int64_t ulp_exponent(std::int64_t top, DType dtype);

// Fixed-width lower-case hexadecimal, most significant digit first.
std::string to_hex(std::uint64_t bits, DType dtype);

// The bits that `text` denotes; empty unless it is exactly what to_hex returns.
std::optional<std::uint64_t> parse_hex(std::string_view text, DType dtype);

// The value as C's %a would print it, with only the digits of the format:
// 0x1.9a3f2cp-1, -0x0p+0, inf, nan.
std::string to_hexfloat(std::uint64_t bits, DType dtype);

}  // namespace exactbn
