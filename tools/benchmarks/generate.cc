// SPDX-License-Identifier: Apache-2.0
// Correctly rounded outputs: all work from a problem to its tensors, including
// memory allocation.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <vector>

#include "reference/rounded.h"
#include "tools/benchmarks/activations.h"
#include "tools/benchmarks/peak_memory.h"

namespace exactbn {

namespace {

std::vector<Tensor> outputs(const Problem& problem) {
  const ExactBatchNorm exact(problem);
  std::vector<Tensor> tensors;
  const OutputNames names = problem.operation == Operation::forward_training
                                ? OutputNames{Output::y}
                                : output_names(problem);
  for (const Output name : names) {
    tensors.push_back(rounded(exact, name, problem.x().dtype()));
  }
  return tensors;
}

double mib(const std::vector<Tensor>& tensors) {
  std::size_t bytes = 0;
  for (const Tensor& tensor : tensors) bytes += tensor.bytes().size();
  return static_cast<double>(bytes) / (1 << 20);
}

void generate(benchmark::State& state, const Problem& problem, int threads) {
  if (threads > omp_get_num_procs()) {
    return state.SkipWithError("not enough processors");
  }
  omp_set_num_threads(threads);
  {
    const PeakMemory memory;
    const std::vector<Tensor> tensors = outputs(problem);
    state.counters["extra_mib"] = memory.grown() - mib(tensors);
  }
  for (auto _ : state) benchmark::DoNotOptimize(outputs(problem));
  state.counters["values"] = static_cast<double>(problem.x().size());
}

template <DType dtype>
void forward(benchmark::State& state) {
  static const Problem problem =
      activations(Operation::forward_training, dtype, kLayer);
  generate(state, problem, static_cast<int>(state.range(0)));
}

template <Operation operation>
void backward(benchmark::State& state) {
  static const Problem problem = activations(operation, DType::f64, kLayer);
  generate(state, problem, static_cast<int>(state.range(0)));
}

BENCHMARK(forward<DType::f64>)->Name("forward_f64")->Arg(1)->Arg(2);
BENCHMARK(forward<DType::f32>)->Name("forward_f32")->Arg(1);
BENCHMARK(forward<DType::f16>)->Name("forward_f16")->Arg(1);
BENCHMARK(forward<DType::bf16>)->Name("forward_bf16")->Arg(1);
BENCHMARK(backward<Operation::backward_training>)
    ->Name("backward_f64")
    ->Arg(1)
    ->Arg(2);
BENCHMARK(backward<Operation::double_backward_training>)
    ->Name("double_backward_f64")
    ->Arg(1);

}  // namespace

}  // namespace exactbn
