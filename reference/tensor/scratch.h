// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace exactbn {

// Memory for a while, of which nothing is known. A thread keeps a piece for the
// next who asks: one after the other calculates small problems.
class Scratch {
 public:
  explicit Scratch(std::size_t size)
      : size_(size), memory_(size <= kKept ? std::move(kept) : nullptr) {
    if (!memory_) {
      memory_ = std::make_unique_for_overwrite<std::byte[]>(
          size_ <= kKept ? kKept : size_);
    }
  }
  ~Scratch() {
    if (size_ <= kKept) kept = std::move(memory_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void* data() { return memory_.get(); }

 private:
  static constexpr std::size_t kKept = std::size_t{1} << 16;
  static inline thread_local std::unique_ptr<std::byte[]> kept;

  std::size_t size_;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace exactbn
