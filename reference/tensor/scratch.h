// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace exactbn {

// Uninitialized scratch memory. Each thread caches one block, because small
// problems are solved one after the other.
class Scratch {
 public:
  explicit Scratch(std::size_t size)
      : size_(size), memory_(size <= kCached ? std::move(cached) : nullptr) {
    if (!memory_) {
      memory_ = std::make_unique_for_overwrite<std::byte[]>(
          size_ <= kCached ? kCached : size_);
    }
  }
  ~Scratch() {
    if (size_ <= kCached) cached = std::move(memory_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void* data() { return memory_.get(); }

 private:
  static constexpr std::size_t kCached = std::size_t{1} << 16;
  static inline thread_local std::unique_ptr<std::byte[]> cached;

  std::size_t size_;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace exactbn
