// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/read_all.h"

namespace exactbn {

std::uint64_t read_all(const std::vector<std::uint64_t>& words) {
  std::uint64_t sum = 0;
#pragma omp parallel for simd reduction(+ : sum)
  for (std::size_t i = 0; i < words.size(); ++i) sum += words[i];
  return sum;
}

}  // namespace exactbn
