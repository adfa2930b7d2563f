// SPDX-License-Identifier: Apache-2.0
// S1 and S2 without rounding, and, for comparison, mean and variance of the
// same values in double.
#include <benchmark/benchmark.h>
#include <omp.h>

#include "reference/sums.h"
#include "tools/benchmarks/activations.h"
#include "tools/benchmarks/two_pass_double.h"

namespace exactbn {

namespace {

template <DType dtype>
const Problem& problem() {
  static const Problem drawn =
      activations(Operation::forward_training, dtype, kLayer);
  return drawn;
}

template <DType dtype>
void exact_sums(benchmark::State& state) {
  const Tensor& x = problem<dtype>().x();
  const ChannelView view = problem<dtype>().view();
  omp_set_num_threads(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(channel_sums(x, nullptr, view));
  }
  state.counters["values"] = static_cast<double>(x.size());
}

template <int lanes>
void two_pass(benchmark::State& state) {
  const Tensor& x = problem<DType::f32>().x();
  const ChannelView view = problem<DType::f32>().view();
  const auto* values = reinterpret_cast<const float*>(x.bytes().data());
  for (auto _ : state) {
    benchmark::DoNotOptimize(two_pass_double<lanes>(values, view));
  }
  state.counters["values"] = static_cast<double>(x.size());
}

BENCHMARK(exact_sums<DType::f32>)->Name("exact_sums_f32");
BENCHMARK(exact_sums<DType::f64>)->Name("exact_sums_f64");
BENCHMARK(two_pass<1>)->Name("two_pass_double_f32");
BENCHMARK(two_pass<32>)->Name("two_pass_lanes_f32");

}  // namespace

}  // namespace exactbn
