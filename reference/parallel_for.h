// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace exactbn {

// body(0) ... body(n - 1), by all threads where it is worth them. For bodies
// that have parallel loops of their own: inside a region that an `if` has left
// to one thread, libgomp starts new threads for each such loop, beside those of
// its pool, which wait for the region's end by spinning.
template <class Body>
void parallel_for(std::int64_t n, bool worth, const Body& body) {
  if (!worth) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < n; ++i) body(i);
}

}  // namespace exactbn
