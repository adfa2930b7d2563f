// SPDX-License-Identifier: Apache-2.0
// The certified check of whole tensors, against reading them once.
#include "oracles/check.h"

#include <benchmark/benchmark.h>
#include <omp.h>

#include <cmath>
#include <vector>

#include "reference/block_io.h"
#include "tools/benchmarks/activations.h"
#include "tools/benchmarks/read_all.h"

namespace exactbn {

namespace {

// Problems that are checked in turn, so that the caches of no processor that we
// know hold one when it comes again.
constexpr std::size_t kTurns = 16;

// What a good kernel answers: y or dx from sums in double, rounded once. Its
// own speed is not measured.
Tensor candidate(const Problem& p, std::string_view output) {
  const ChannelView view = p.view();
  const Tensor* dy = p.find("dy");
  Tensor result(p.x().dtype(), p.x().shape());
#pragma omp parallel for
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const auto m = static_cast<double>(view.count());
    const double gamma = p.inputs.at("gamma").value(c);
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
    const double beta = dy ? 0 : p.inputs.at("beta").value(c);
    each([&](std::int64_t i, double x, double g) {
      const double value = output == "y"
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

void run(benchmark::State& state, const Problem& problem,
         const std::string& output) {
  omp_set_num_threads(omp_get_num_procs());
  Declaration declaration;
  declaration.outputs[problem.operation] = {output};
  Answer answer;
  answer.outputs.emplace(output, candidate(problem, output));
  const std::vector<Checked> copies(kTurns, {{"large", problem, {}}, answer});
  std::size_t turn = 0;
  for (auto _ : state) {
    const Checked& checked = copies[turn++ % kTurns];
    const CaseVerdict verdict =
        check(checked.c, declaration, checked.answer, Grade::sequential);
    if (verdict.verdict != Verdict::passed) {
      return state.SkipWithError("the candidate does not pass");
    }
  }
  state.counters["values"] = static_cast<double>(problem.x().size());
}

template <DType dtype>
void check_y(benchmark::State& state) {
  run(state, activations(Operation::forward_training, dtype, kLayer), "y");
}

void check_dx(benchmark::State& state) {
  run(state, activations(Operation::backward_training, DType::f32, kLayer),
      "dx");
}

void check_channels_last(benchmark::State& state) {
  const Shape shape = {kLayer[0], kLayer[2], kLayer[3], kLayer[1]};
  run(state, activations(Operation::forward_training, DType::f32, shape, 3),
      "y");
}

// As many tensors of the size, read once by all processors; in turn, too.
template <DType dtype, int tensors>
void read_once(benchmark::State& state) {
  const auto words = static_cast<std::size_t>(element_count(kLayer)) *
                     (format(dtype).width / 8) * tensors /
                     sizeof(std::uint64_t);
  const std::vector<std::vector<std::uint64_t>> copies(
      kTurns, std::vector<std::uint64_t>(words, 1));
  std::size_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_all(copies[turn++ % kTurns]));
  }
  state.counters["values"] = static_cast<double>(element_count(kLayer));
}

BENCHMARK(check_y<DType::f32>)->Name("check_f32")->UseRealTime();
BENCHMARK(check_y<DType::f64>)->Name("check_f64")->UseRealTime();
BENCHMARK(check_dx)->Name("check_backward_f32")->UseRealTime();
BENCHMARK(check_channels_last)->Name("check_nhwc_f32")->UseRealTime();
BENCHMARK(read_once<DType::f32, 2>)->Name("read_2_f32")->UseRealTime();
BENCHMARK(read_once<DType::f64, 2>)->Name("read_2_f64")->UseRealTime();
BENCHMARK(read_once<DType::f32, 3>)->Name("read_3_f32")->UseRealTime();

}  // namespace

}  // namespace exactbn
