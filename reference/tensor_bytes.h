// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "reference/zeroed_pages.h"

namespace exactbn {

// The memory of an array, zero at first. A few bytes have their place in the
// object itself, as most arrays that are drawn at random are short, and to
// allocate them takes longer than to fill them.
class TensorBytes {
 public:
  TensorBytes() = default;
  explicit TensorBytes(std::size_t size) : size_(size) {
    if (!is_short()) large_ = ZeroedPages<std::byte>().allocate(size_);
  }
  TensorBytes(const TensorBytes& other) : size_(other.size_) {
    if (!is_short()) large_ = ZeroedPages<std::byte>().allocate_raw(size_);
    copy(other);
  }
  TensorBytes(TensorBytes&& other) noexcept { swap(other); }
  // By value: what was held goes with the argument.
  TensorBytes& operator=(TensorBytes other) noexcept {
    swap(other);
    return *this;
  }
  ~TensorBytes() {
    if (!is_short()) ZeroedPages<std::byte>().deallocate(large_, size_);
  }

  std::size_t size() const { return size_; }
  std::byte* data() { return is_short() ? short_ : large_; }
  const std::byte* data() const { return is_short() ? short_ : large_; }

  bool operator==(const TensorBytes& other) const {
    return size_ == other.size_ &&
           std::memcmp(data(), other.data(), size_) == 0;
  }

 private:
  static constexpr std::size_t kShort = 64;

  bool is_short() const { return size_ <= kShort; }
  void copy(const TensorBytes& other) {
    if (is_short()) {
      std::memcpy(short_, other.short_, kShort);
    } else {
      std::memcpy(large_, other.large_, size_);
    }
  }
  void swap(TensorBytes& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(large_, other.large_);
    std::swap(short_, other.short_);
  }

  std::size_t size_ = 0;
  std::byte* large_ = nullptr;
  alignas(16) std::byte short_[kShort] = {};
};

}  // namespace exactbn
