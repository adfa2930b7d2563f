// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <new>
#include <vector>

#include "reference/tensor/sanitized.h"

namespace exactbn {

// Small pieces of memory. A thread keeps those that it freed for those that it
// will need: small problems are copied and answered all the time, and what
// malloc keeps of a size is too little for them. A sanitizer is to see every
// piece come and go, and so none is kept there.
class Pool {
 public:
  static constexpr std::size_t kLargest = std::size_t{1} << 13;  // bytes

  static void* take(std::size_t bytes) {
    if (bytes > kLargest) return ::operator new(bytes);
    Kept& kept = all[size_class(bytes)];
    if (!kept.first) return ::operator new(kSmallest << size_class(bytes));
    Free* const piece = kept.first;
    kept.first = piece->next;
    --kept.count;
    return piece;
  }
  // Of as many bytes as it was taken with, from any thread.
  static void give(void* memory, std::size_t bytes) {
    if (bytes > kLargest) return ::operator delete(memory);
    const std::size_t of = size_class(bytes);
    Kept& kept = all[of];
    if (kept.count >= most) return ::operator delete(memory);
    if (!kept.first) at_exit.touch();
    kept.first = new (memory) Free{kept.first};
    ++kept.count;
  }

 private:
  struct Free {
    Free* next;
  };
  struct Kept {
    Free* first;
    std::size_t count;
  };
  static constexpr std::size_t kSmallest = 64;
  static constexpr std::size_t kClasses = 8;
  static_assert(kSmallest << (kClasses - 1) == kLargest);

  // The power of two that it needs, in the smallest.
  static std::size_t size_class(std::size_t bytes) {
    const std::size_t units = (std::max(bytes, kSmallest) - 1) / kSmallest;
    return static_cast<std::size_t>(std::bit_width(units));
  }

  // Gives back what the thread kept, and keeps nothing from then on.
  struct AtExit {
    void touch() {}
    ~AtExit() {
      most = 0;
      for (Kept& kept : all) {
        while (kept.first) {
          Free* const piece = kept.first;
          kept.first = piece->next;
          ::operator delete(piece);
        }
      }
    }
  };

  // Plain memory, which is there until the thread is no more.
  static inline constinit thread_local std::array<Kept, kClasses> all = {};
  static inline constinit thread_local std::size_t most = kSanitized ? 0 : 64;
  static inline thread_local AtExit at_exit;
};

// An allocator of such pieces, for containers.
template <class T>
struct Pooled {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  Pooled() = default;
  template <class U>
  Pooled(const Pooled<U>&) {}  // NOLINT: the standard asks for it

  T* allocate(std::size_t n) { return static_cast<T*>(Pool::take(n * kSize)); }
  void deallocate(T* memory, std::size_t n) { Pool::give(memory, n * kSize); }

  bool operator==(const Pooled&) const = default;

 private:
  // Of a pointer, where that is what is held.
  static constexpr std::size_t kSize = sizeof(T);  // NOLINT
};

template <class T>
using PooledVector = std::vector<T, Pooled<T>>;

}  // namespace exactbn
