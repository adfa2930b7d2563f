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

// A pool of small memory blocks. Each thread keeps the blocks that it freed and
// reuses them: small problems are copied and solved all the time, and malloc
// caches too few blocks of a size (3 % of the time of properties_small in
// tools/bench; mimalloc 2.0 gains no more). With a sanitizer none is kept, so
// that it sees every allocation.
class Pool {
 public:
  static constexpr std::size_t kLargest = std::size_t{1} << 13;  // bytes

  static void* take(std::size_t bytes) {
    if (bytes > kLargest) return ::operator new(bytes);
    FreeList& list = free_lists[size_class(bytes)];
    if (!list.first) return ::operator new(kSmallest << size_class(bytes));
    FreeBlock* const block = list.first;
    list.first = block->next;
    --list.count;
    return block;
  }
  // `bytes` is the size passed to `take`. Any thread may call this.
  static void give(void* memory, std::size_t bytes) {
    if (bytes > kLargest) return ::operator delete(memory);
    const std::size_t of = size_class(bytes);
    FreeList& list = free_lists[of];
    if (list.count >= max_kept) return ::operator delete(memory);
    if (!list.first) at_exit.touch();
    list.first = new (memory) FreeBlock{list.first};
    ++list.count;
  }

 private:
  struct FreeBlock {
    FreeBlock* next;
  };
  struct FreeList {
    FreeBlock* first;
    std::size_t count;
  };
  static constexpr std::size_t kSmallest = 64;
  static constexpr std::size_t kClasses = 8;
  static_assert(kSmallest << (kClasses - 1) == kLargest);

  // log2 of the block size in units of kSmallest.
  static std::size_t size_class(std::size_t bytes) {
    const std::size_t units = (std::max(bytes, kSmallest) - 1) / kSmallest;
    return static_cast<std::size_t>(std::bit_width(units));
  }

  // Frees the blocks that the thread kept, and keeps none from then on.
  struct AtExit {
    void touch() {}
    ~AtExit() {
      max_kept = 0;
      for (FreeList& list : free_lists) {
        while (list.first) {
          FreeBlock* const block = list.first;
          list.first = block->next;
          ::operator delete(block);
        }
      }
    }
  };

  // Trivially destructible, so valid until the thread ends.
  static inline constinit thread_local std::array<FreeList, kClasses>
      free_lists = {};
  static inline constinit thread_local std::size_t max_kept =
      kSanitized ? 0 : 64;
  static inline thread_local AtExit at_exit;
};

// An allocator from the pool, for containers.
template <class T>
struct Pooled {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  Pooled() = default;
  template <class U>
  Pooled(const Pooled<U>&) {}  // NOLINT: the standard requires it

  T* allocate(std::size_t n) { return static_cast<T*>(Pool::take(n * kSize)); }
  void deallocate(T* memory, std::size_t n) { Pool::give(memory, n * kSize); }

  bool operator==(const Pooled&) const = default;

 private:
  // T may be a pointer.
  static constexpr std::size_t kSize = sizeof(T);  // NOLINT
};

template <class T>
using PooledVector = std::vector<T, Pooled<T>>;

}  // namespace exactbn
