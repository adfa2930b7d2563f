// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>

#include "reference/sanitized.h"

namespace exactbn {

// An allocator for the nodes of a container. A thread keeps some of those that
// it freed for those that it will need: small problems are copied all the time.
// A sanitizer is to see every node come and go, and so none is kept there.
template <class T>
struct NodePool {
  using value_type = T;

  NodePool() = default;
  template <class U>
  NodePool(const NodePool<U>&) {}  // NOLINT: the standard asks for it

  T* allocate(std::size_t n) {
    if (n == 1 && first) {
      Free* const node = first;
      first = node->next;
      --count;
      return reinterpret_cast<T*>(node);
    }
    return static_cast<T*>(::operator new(n * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t n) {
    if (n != 1 || count == kMost) return ::operator delete(memory);
    if (!first) at_exit.touch();
    first = new (memory) Free{first};
    ++count;
  }

  bool operator==(const NodePool&) const = default;

 private:
  struct Free {
    Free* next;
  };
  static_assert(sizeof(T) >= sizeof(Free));
  static_assert(alignof(T) >= alignof(Free));
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  // Gives back what the thread kept, and keeps nothing from then on.
  struct AtExit {
    void touch() {}
    ~AtExit() {
      for (; first; --count) {
        Free* const node = first;
        first = node->next;
        ::operator delete(node);
      }
      count = kMost;
    }
  };

  static constexpr std::size_t kMost = kSanitized ? 0 : 256;
  // Plain memory, which is there until the thread is no more.
  static inline constinit thread_local Free* first = nullptr;
  static inline constinit thread_local std::size_t count = 0;
  static inline thread_local AtExit at_exit;
};

}  // namespace exactbn
