// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <omp.h>

#include <cstdint>

namespace exactbn {

// body(0) ... body(n - 1), by all threads where it is worth them, and none of
// them is at work already. For what is called within parallel loops, or has
// some of its own: inside a region that an `if` has left to one thread, libgomp
// starts new threads for each such loop, beside those of its pool, which wait
// for the region's end by spinning; and a region of one thread within another
// takes some microseconds.
template <class Body>
void parallel_for(std::int64_t n, bool worth, const Body& body) {
  if (!worth || omp_in_parallel() != 0) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

}  // namespace exactbn
