// SPDX-License-Identifier: Apache-2.0
// Compares the certified check of whole tensors with reading them once.
#include "oracles/check.h"

#include <benchmark/benchmark.h>
#include <omp.h>

#include <cmath>
#include <vector>

#include "reference/tensor/block_io.h"
#include "tools/benchmarks/activations.h"
#include "tools/benchmarks/read_all.h"

namespace exactbn {

namespace {

// The answer of a good kernel: y or dx from sums in double, rounded once. Its
// speed is not measured.
Tensor candidate(const Problem& p, Output output) {
  const ChannelView view = p.view();
  const Tensor* dy = p.find(Input::dy);
  Tensor result(p.x().dtype(), p.x().shape());
#pragma omp parallel for
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const auto m = static_cast<double>(view.count());
    const double gamma = p.inputs.at(Input::gamma).value(c);
    double mean = 0;
    double square = 0;
    double d = 0;
    double t = 0;
    const auto each = [&](const auto& body) {
      for (std::int64_t k = 0; k < view.count(); ++k) {
        const std::int64_t i = view.offset(c, k);
        body(i, p.x().value(i), dy ? dy->value(i) : 0);
      }
    };
    each([&](std::int64_t, double x, double g) {
      mean += x / m;
      d += g / m;
    });
    each([&](std::int64_t, double x, double g) {
      square += (x - mean) * (x - mean) / m;
      t += g * (x - mean) / m;
    });
    const double w = square + p.epsilon;
    const double s = 1 / std::sqrt(w);
    const double beta = dy ? 0 : p.inputs.at(Input::beta).value(c);
    each([&](std::int64_t i, double x, double g) {
      const double value = output == Output::y
                               ? gamma * (x - mean) * s + beta
                               : gamma * s * (g - d - (x - mean) * t / w);
      result.set_bits(i, round_to(value, result.dtype()));
    });
  }
  return result;
}

struct Checked {
  Case c;
  Answer answer;
};

void run(benchmark::State& state, const Problem& problem, Output output) {
  omp_set_num_threads(omp_get_num_procs());
  Declaration declaration;
  declaration.outputs[problem.operation] = {output};
  Answer answer;
  answer.outputs.emplace(output, candidate(problem, output));
  const std::vector<Checked> copies(turns_of(problem.x().shape()),
                                    {{"large", problem, {}}, answer});
  std::size_t turn = 0;
  for (auto _ : state) {
    const Checked& checked = copies[turn++ % copies.size()];
    const CaseVerdict verdict =
        check(checked.c, declaration, checked.answer, Grade::sequential);
    if (verdict.verdict != Verdict::passed) {
      return state.SkipWithError("the candidate does not pass");
    }
  }
  state.counters["values"] = static_cast<double>(problem.x().size());
}

void check_y(benchmark::State& state, DType dtype, const Shape& shape) {
  run(state, activations(Operation::forward_training, dtype, shape), Output::y);
}

void check_dx(benchmark::State& state) {
  run(state, activations(Operation::backward_training, DType::f32, kLayer),
      Output::dx);
}

void check_channels_last(benchmark::State& state) {
  const Shape shape = {kLayer[0], kLayer[2], kLayer[3], kLayer[1]};
  run(state, activations(Operation::forward_training, DType::f32, shape, 3),
      Output::y);
}

// Reads that many tensors of the shape once, with all processors, and cycles
// through copies, too.
void read_once(benchmark::State& state, DType dtype, const Shape& shape,
               std::int64_t tensors) {
  const auto words = static_cast<std::size_t>(
      element_count(shape) * (format(dtype).width / 8) * tensors /
      std::int64_t{sizeof(std::uint64_t)});
  const std::vector<std::vector<std::uint64_t>> copies(
      turns_of(shape), std::vector<std::uint64_t>(words, 1));
  std::size_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_all(copies[turn++ % copies.size()]));
  }
  state.counters["values"] = static_cast<double>(element_count(shape));
}

BENCHMARK_CAPTURE(check_y, f32, DType::f32, kLayer)
    ->Name("check_f32")
    ->UseRealTime();
BENCHMARK_CAPTURE(check_y, f64, DType::f64, kLayer)
    ->Name("check_f64")
    ->UseRealTime();
BENCHMARK_CAPTURE(check_y, large_f32, DType::f32, kLargeLayer)
    ->Name("check_large_f32")
    ->UseRealTime();
BENCHMARK(check_dx)->Name("check_backward_f32")->UseRealTime();
BENCHMARK(check_channels_last)->Name("check_nhwc_f32")->UseRealTime();
BENCHMARK_CAPTURE(read_once, 2_f32, DType::f32, kLayer, 2)
    ->Name("read_2_f32")
    ->UseRealTime();
BENCHMARK_CAPTURE(read_once, 2_f64, DType::f64, kLayer, 2)
    ->Name("read_2_f64")
    ->UseRealTime();
BENCHMARK_CAPTURE(read_once, 3_f32, DType::f32, kLayer, 3)
    ->Name("read_3_f32")
    ->UseRealTime();
BENCHMARK_CAPTURE(read_once, 2_large_f32, DType::f32, kLargeLayer, 2)
    ->Name("read_2_large_f32")
    ->UseRealTime();

}  // namespace

}  // namespace exactbn
