// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <omp.h>

#include <cstdint>

namespace exactbn {

// Calls body(0) ... body(n - 1), on all threads if `parallel` and not in a
// parallel region already. For functions that are called within parallel loops
// or contain some: inside a region that an `if` left to one thread, libgomp
// starts new threads for each such loop, while those of its pool spin until the
// region ends; and a nested region of one thread takes some microseconds.
template <class Body>
void parallel_for(std::int64_t n, bool parallel, const Body& body) {
  if (!parallel || omp_in_parallel() != 0) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

}  // namespace exactbn
