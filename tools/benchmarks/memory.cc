// SPDX-License-Identifier: Apache-2.0
// The cost of memory: a plain read of x in f64, and the allocation of y.
#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "tools/benchmarks/activations.h"

namespace exactbn {

namespace {

void read(benchmark::State& state) {
  const std::vector<std::uint64_t> words(
      static_cast<std::size_t>(element_count(kLayer)), 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        std::accumulate(words.begin(), words.end(), std::uint64_t{0}));
  }
  state.counters["values"] = static_cast<double>(words.size());
}

void allocate(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Tensor(DType::f64, kLayer));
  state.counters["values"] = static_cast<double>(element_count(kLayer));
}

BENCHMARK(read)->Name("read_f64");
BENCHMARK(allocate)->Name("allocate_f64");

}  // namespace

}  // namespace exactbn
