// SPDX-License-Identifier: Apache-2.0
// Writes the first cases of the benchmark properties_small in the wire format,
// for gradcheck_torch.py. Usage: exactbn_small_cases COUNT
#include <cstdlib>
#include <iostream>

#include "oracles/wire.h"
#include "tools/benchmarks/small_cases.h"

int main(int argc, char** argv) {
  using namespace exactbn;
  const std::uint64_t count =
      argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count == 0) {
    std::cerr << "usage: exactbn_small_cases COUNT\n";
    return 2;
  }
  for (std::uint64_t k = 0; k < count; ++k) {
    Problem problem = draw_case(small_draw(), kSmallSeed, k).problem;
    std::cout << write_case(
                     {"case " + std::to_string(k), std::move(problem), {}})
              << '\n';
  }
}
