// SPDX-License-Identifier: Apache-2.0
// Tensors of the plugin interface as vectors of float.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "exactbn_plugin.h"

using Floats = std::vector<float>;

inline float from_bf16(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

inline uint16_t to_bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (std::isnan(value)) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

template <class T>
T element(const void* data, size_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(data) + i * sizeof value,
              sizeof value);
  return value;
}

template <class T>
void set_element(void* data, size_t i, T value) {
  std::memcpy(static_cast<char*>(data) + i * sizeof value, &value,
              sizeof value);
}

inline float load(const void* data, exactbn_dtype dtype, size_t i) {
  switch (dtype) {
    case EXACTBN_F64:
      return float(element<double>(data, i));
    case EXACTBN_F16:
      return float(element<_Float16>(data, i));
    case EXACTBN_BF16:
      return from_bf16(element<uint16_t>(data, i));
    default:
      return element<float>(data, i);
  }
}

inline void store(void* data, exactbn_dtype dtype, size_t i, float value) {
  switch (dtype) {
    case EXACTBN_F16:
      return set_element(data, i, _Float16(value));
    case EXACTBN_BF16:
      return set_element(data, i, to_bf16(value));
    default:
      return set_element(data, i, value);
  }
}

// A value as `dtype` holds it.
inline float rounded(float value, exactbn_dtype dtype) {
  switch (dtype) {
    case EXACTBN_F16:
      return float(_Float16(value));
    case EXACTBN_BF16:
      return from_bf16(to_bf16(value));
    default:
      return value;
  }
}

inline size_t size(const exactbn_tensor& t) {
  size_t n = 1;
  for (int32_t i = 0; i < t.rank; ++i) n *= size_t(t.shape[i]);
  return n;
}

inline Floats floats(const exactbn_tensor& t) {
  Floats all(size(t));
  for (size_t i = 0; i < all.size(); ++i) all[i] = load(t.data, t.dtype, i);
  return all;
}
