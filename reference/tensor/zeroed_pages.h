// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace exactbn {

// An allocator of zeroed memory, so that a container need not write it: the
// threads that fill a large array fault its pages in, not the one that creates
// it. Large arrays ask for huge pages; faults of small pages cost more than the
// arithmetic on them.
template <class T>
struct ZeroedPages {
  using value_type = T;

  ZeroedPages() = default;
  template <class U>
  ZeroedPages(const ZeroedPages<U>&) {}  // NOLINT: the standard requires it

  T* allocate(std::size_t n) {
    void* memory = std::calloc(n, sizeof(T));
    if (!memory) throw std::bad_alloc();
    advise(memory, n * sizeof(T));
    return static_cast<T*>(memory);
  }
  // The same, uninitialized.
  T* allocate_raw(std::size_t n) {
    void* memory = std::malloc(n * sizeof(T));
    if (!memory) throw std::bad_alloc();
    advise(memory, n * sizeof(T));
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { std::free(memory); }

  template <class U>
  void construct(U*) {}
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    new (at) U(std::forward<Args>(args)...);
  }

  bool operator==(const ZeroedPages&) const = default;

 private:
  static void advise([[maybe_unused]] void* memory,
                     [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
    constexpr std::size_t kLarge = std::size_t{4} << 20;
    constexpr std::uintptr_t kPage = 4096;
    if (bytes < kLarge) return;
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
    // A hint; nothing depends on its result.
    (void)madvise(static_cast<char*>(memory) + (first - begin), bytes - kPage,
                  MADV_HUGEPAGE);
#endif
  }
};

}  // namespace exactbn
