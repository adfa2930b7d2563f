// SPDX-License-Identifier: Apache-2.0
// The time of libtorch for computing what we check.
#include <benchmark/benchmark.h>
#include <omp.h>
#include <torch/torch.h>

#include "tools/benchmarks/activations.h"

namespace exactbn {

namespace {

// Cycles through tensors, as in check.cc: x, and also y, which a network keeps.
// Timing starts after every y was replaced once, so that memory is allocated.
void forward_torch(benchmark::State& state, const Shape& shape) {
  const torch::NoGradGuard no_gradients;
  torch::set_num_threads(omp_get_num_procs());
  const std::vector<std::int64_t> extents(shape.begin(), shape.end());
  const std::size_t turns = turns_of(shape);
  std::vector<torch::Tensor> all_x;
  for (std::size_t i = 0; i < turns; ++i) {
    all_x.push_back(torch::randn(extents));
  }
  std::vector<torch::Tensor> all_y(turns);
  const auto gamma = torch::randn({extents[1]});
  const auto beta = torch::randn({extents[1]});
  std::size_t turn = 0;
  const auto next = [&] {
    const std::size_t i = turn++ % turns;
    all_y[i] = torch::batch_norm(all_x[i], gamma, beta, {}, {}, true, 0.1, 1e-5,
                                 false);
  };
  while (turn < 2 * turns) next();
  for (auto _ : state) next();
  state.counters["values"] = static_cast<double>(all_x[0].numel());
}

BENCHMARK_CAPTURE(forward_torch, f32, kLayer)
    ->Name("torch_forward_f32")
    ->UseRealTime();
BENCHMARK_CAPTURE(forward_torch, large_f32, kLargeLayer)
    ->Name("torch_forward_large_f32")
    ->UseRealTime();

}  // namespace

}  // namespace exactbn
