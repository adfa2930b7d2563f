// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>

#include "reference/floating_point_environment.h"

namespace exactbn {

struct ParallelLoop {
  std::int64_t n;          // body is called with 0 ... n - 1
  bool parallel = true;    // false: in this thread
  std::int64_t chunk = 1;  // calls that a thread takes at once
};

// The exception of the first call that throws one, which an OpenMP region must
// not let out. Later calls are then skipped.
class FirstError {
 public:
  template <class Do>
  void guard(std::int64_t call, const Do& action) noexcept {
    if (call > call_.load(std::memory_order_relaxed)) return;
    try {
      action();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (call >= call_) return;
      call_ = call;
      error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::atomic<std::int64_t> call_ = std::numeric_limits<std::int64_t>::max();
  std::mutex mutex_;
  std::exception_ptr error_;
};

// Calls body(i, own) for each i of the loop, where make() has made `own` for
// the thread, which at last calls finish(own), one thread at a time. On all
// threads if the loop is parallel and not in a parallel region already. Throws
// what the first call throws, with any number of threads.
//
// For functions that are called within parallel loops or contain some: inside a
// region that an `if` left to one thread, libgomp starts new threads for each
// such loop, while those of its pool spin until the region ends; and a nested
// region of one thread takes some microseconds.
template <class Make, class Body, class Finish>
void parallel_for(const ParallelLoop& loop, const Make& make, const Body& body,
                  const Finish& finish) {
  if (!loop.parallel || omp_in_parallel() != 0) {
    auto own = make();
    for (std::int64_t i = 0; i < loop.n; ++i) body(i, own);
    finish(own);
    return;
  }
  constexpr std::int64_t kOutside = -1;  // of the calls
  FirstError error;
  std::atomic<std::int64_t> next = 0;
  std::mutex finishing;
  const FloatingPointSettings* const callers = StandardEnvironment::callers();
#pragma omp parallel
  {
    const StandardEnvironment environment(callers);
    error.guard(kOutside, [&] {
      auto own = make();
      for (;;) {
        const std::int64_t begin = next.fetch_add(loop.chunk);
        const std::int64_t end = std::min(begin + loop.chunk, loop.n);
        if (begin >= end) break;
        for (std::int64_t i = begin; i < end; ++i) {
          error.guard(i, [&] { body(i, own); });
        }
      }
      const std::lock_guard lock(finishing);
      finish(own);
    });
  }
  error.rethrow();
}

template <class Make, class Body>
void parallel_for(const ParallelLoop& loop, const Make& make,
                  const Body& body) {
  parallel_for(loop, make, body, [](auto&) {});
}

// The same without anything of a thread's own.
template <class Body>
void parallel_for(const ParallelLoop& loop, const Body& body) {
  parallel_for(
      loop, [] { return 0; }, [&](std::int64_t i, int) { body(i); });
}

template <class Body>
void parallel_for(std::int64_t n, bool parallel, const Body& body) {
  parallel_for(ParallelLoop{n, parallel}, body);
}

}  // namespace exactbn
