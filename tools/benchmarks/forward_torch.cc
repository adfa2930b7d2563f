// SPDX-License-Identifier: Apache-2.0
// What libtorch takes to compute what we check.
#include <benchmark/benchmark.h>
#include <omp.h>
#include <torch/torch.h>

namespace {

void forward_torch(benchmark::State& state) {
  const torch::NoGradGuard no_gradients;
  torch::set_num_threads(omp_get_num_procs());
  // In turn, as in check.cc.
  std::vector<torch::Tensor> copies;
  for (int i = 0; i < 16; ++i) copies.push_back(torch::randn({32, 64, 56, 56}));
  const auto gamma = torch::randn({64});
  const auto beta = torch::randn({64});
  std::size_t turn = 0;
  for (auto _ : state) {
    const torch::Tensor& x = copies[turn++ % copies.size()];
    benchmark::DoNotOptimize(
        torch::batch_norm(x, gamma, beta, {}, {}, true, 0.1, 1e-5, false));
  }
  state.counters["values"] = static_cast<double>(copies[0].numel());
}

BENCHMARK(forward_torch)->Name("torch_forward_f32")->UseRealTime();

}  // namespace
