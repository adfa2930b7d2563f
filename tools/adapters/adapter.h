// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "oracles/exactbn_plugin.h"

// Functions shared by the adapters: they read a case and return bytes. Nothing
// here rounds.
namespace exactbn_adapter {

// A case that the framework or the adapter does not support.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline std::size_t size(const exactbn_tensor& tensor) {
  std::size_t n = 1;
  for (std::int32_t i = 0; i < tensor.rank; ++i) {
    n *= static_cast<std::size_t>(tensor.shape[i]);
  }
  return n;
}

inline std::size_t width(exactbn_dtype dtype) {
  switch (dtype) {
    case EXACTBN_F64:
      return 8;
    case EXACTBN_F32:
      return 4;
    case EXACTBN_F16:
    case EXACTBN_BF16:
      return 2;
    case EXACTBN_F8E4M3FN:
    case EXACTBN_F8E5M2:
      return 1;
  }
  throw Unsupported("a dtype unknown to this adapter");
}

// f16 is not a type of C++17: sign, 5 bits of exponent, 10 of fraction.
inline double f16_value(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const int fraction = static_cast<int>(bits & 1023);
  double magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

// Sign, 4 bits of exponent, 3 of fraction, no infinities.
inline double f8e4m3fn_value(unsigned bits) {
  if ((bits & 0x7f) == 0x7f) return std::nan("");
  const int exponent = static_cast<int>(bits >> 3 & 15);
  const int fraction = static_cast<int>(bits & 7);
  const double magnitude = exponent == 0
                               ? std::ldexp(fraction, -9)
                               : std::ldexp(8 + fraction, exponent - 10);
  return (bits & 0x80) != 0 ? -magnitude : magnitude;
}

inline double bf16_value(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// Value number i, exactly: every format is a subset of double.
inline double value(const exactbn_tensor& tensor, std::size_t i) {
  switch (tensor.dtype) {
    case EXACTBN_F64:
      return static_cast<const double*>(tensor.data)[i];
    case EXACTBN_F32:
      return static_cast<const float*>(tensor.data)[i];
    case EXACTBN_F16:
      return f16_value(static_cast<const std::uint16_t*>(tensor.data)[i]);
    case EXACTBN_BF16:
      return bf16_value(static_cast<const std::uint16_t*>(tensor.data)[i]);
    case EXACTBN_F8E4M3FN:
      return f8e4m3fn_value(static_cast<const std::uint8_t*>(tensor.data)[i]);
    case EXACTBN_F8E5M2:  // the upper half of an f16
      return f16_value(
          unsigned{static_cast<const std::uint8_t*>(tensor.data)[i]} << 8);
  }
  throw Unsupported("a dtype unknown to this adapter");
}

// The values as Real, float or double. Throws Unsupported if Real is narrower
// than the format: a rounding here would be blamed on the framework.
template <typename Real>
std::vector<Real> widened(const exactbn_tensor& tensor) {
  if (width(tensor.dtype) > sizeof(Real)) {
    throw Unsupported(std::string(tensor.name) + " would have to be narrowed");
  }
  std::vector<Real> values(size(tensor));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<Real>(value(tensor, i));
  }
  return values;
}

inline const exactbn_tensor& required(const exactbn_case& question,
                                      const char* name) {
  const exactbn_tensor* tensor = exactbn_input(&question, name);
  if (tensor == nullptr) {
    throw std::invalid_argument(std::string("the case has no ") + name);
  }
  return *tensor;
}

// dy or a direction of x: frameworks accept them only in the format of x.
inline const exactbn_tensor& required_like_x(const exactbn_case& question,
                                             const char* name) {
  const exactbn_tensor& tensor = required(question, name);
  if (tensor.dtype != required(question, "x").dtype) {
    throw Unsupported(std::string(name) + " is not in the format of x");
  }
  return tensor;
}

inline void put(exactbn_answer& answer, const char* name, exactbn_dtype dtype,
                const void* data, std::size_t n) {
  void* output = answer.output(&answer, name, dtype);
  if (output == nullptr) {
    throw std::logic_error(std::string("no memory for the output ") + name);
  }
  std::memcpy(output, data, n);
}

// Calls `answer`; returns its outputs, or the reason why there are none. If an
// exception of the framework means that the case is unsupported, `answer` must
// translate it to Unsupported.
template <class Answer>
exactbn_status status_of(exactbn_answer& out, const Answer& answer) {
  try {
    answer();
    return EXACTBN_OUTPUTS;
  } catch (const Unsupported& e) {
    return exactbn_say(&out, EXACTBN_UNSUPPORTED, e.what());
  } catch (const std::exception& e) {
    return exactbn_say(&out, EXACTBN_ERROR, e.what());
  }
}

}  // namespace exactbn_adapter
