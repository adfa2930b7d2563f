// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "reference/tensor/pooled.h"
#include "reference/tensor/zeroed_pages.h"

namespace exactbn {

// The memory of an array, zero at first. A few bytes are stored in the object
// itself: most random arrays are short, and allocating them takes longer than
// filling them.
class TensorBytes {
 public:
  TensorBytes() = default;
  explicit TensorBytes(std::size_t size) : size_(size) {
    if (is_pooled()) {
      large_ = static_cast<std::byte*>(Pool::take(size_));
      std::memset(large_, 0, size_);
    } else if (!is_short()) {
      large_ = ZeroedPages<std::byte>().allocate(size_);
    }
  }
  TensorBytes(const TensorBytes& other) : size_(other.size_) {
    if (is_short()) {
      std::memcpy(short_, other.short_, kShort);
      return;
    }
    large_ = is_pooled() ? static_cast<std::byte*>(Pool::take(size_))
                         : ZeroedPages<std::byte>().allocate_raw(size_);
    std::memcpy(large_, other.large_, size_);
  }
  TensorBytes(TensorBytes&& other) noexcept { take(other); }

  // Memory of somebody else, which must outlive this object and those that it
  // is moved to. It is never written: a copy, and an object that is about to be
  // written, has memory of its own. Short arrays are copied at once.
  static TensorBytes borrowed(const void* memory, std::size_t size) {
    TensorBytes bytes;
    bytes.size_ = size;
    if (bytes.is_short()) {
      if (size > 0) std::memcpy(bytes.short_, memory, size);
      return bytes;
    }
    bytes.large_ = static_cast<std::byte*>(const_cast<void*>(memory));
    bytes.short_[0] = kBorrowed;
    return bytes;
  }

  // By value, so that it can take the argument's memory.
  TensorBytes& operator=(TensorBytes other) noexcept {
    free();
    take(other);
    return *this;
  }
  ~TensorBytes() { free(); }

  std::size_t size() const { return size_; }
  std::byte* data() {
    if (is_short()) return short_;
    if (is_borrowed()) *this = TensorBytes(std::as_const(*this));
    return large_;
  }
  const std::byte* data() const { return is_short() ? short_ : large_; }

  bool operator==(const TensorBytes& other) const {
    return size_ == other.size_ &&
           std::memcmp(data(), other.data(), size_) == 0;
  }

 private:
  static constexpr std::size_t kShort = 64;
  static constexpr std::byte kBorrowed{1};

  bool is_short() const { return size_ <= kShort; }
  bool is_pooled() const { return !is_short() && size_ <= Pool::kLargest; }
  // Only short arrays use the bytes in the object for values.
  bool is_borrowed() const { return !is_short() && short_[0] == kBorrowed; }
  void take(TensorBytes& other) {
    size_ = std::exchange(other.size_, 0);
    large_ = other.large_;
    std::memcpy(short_, other.short_, kShort);
  }
  void free() {
    if (is_borrowed()) return;
    if (is_pooled()) {
      Pool::give(large_, size_);
    } else if (!is_short()) {
      ZeroedPages<std::byte>().deallocate(large_, size_);
    }
  }

  std::size_t size_ = 0;
  std::byte* large_ = nullptr;
  alignas(16) std::byte short_[kShort] = {};
};

}  // namespace exactbn
