// SPDX-License-Identifier: Apache-2.0
// y without this library: two passes in 50 digits, then each value rounded to
// f64.
#include <benchmark/benchmark.h>

#include <bit>
#include <boost/multiprecision/mpfr.hpp>

#include "reference/rounded.h"
#include "tools/benchmarks/activations.h"

namespace exactbn {

namespace {

using Real = boost::multiprecision::mpfr_float_50;

Tensor forward(const Problem& problem) {
  const Tensor& x = problem.x();
  const ChannelView view = problem.view();
  const std::int64_t m = view.count();
  Tensor y(DType::f64, x.shape());
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const auto value = [&](std::int64_t k) {
      return x.value(view.offset(c, k));
    };
    Real mean = 0;
    for (std::int64_t k = 0; k < m; ++k) mean += value(k);
    mean /= m;
    Real variance = 0;
    Real d;
    for (std::int64_t k = 0; k < m; ++k) {
      d = value(k) - mean;
      variance += d * d;
    }
    variance /= m;
    const Real slope = problem.inputs.at(Input::gamma).value(c) /
                       sqrt(Real(variance + problem.epsilon));
    const Real beta = problem.inputs.at(Input::beta).value(c);
    for (std::int64_t k = 0; k < m; ++k) {
      d = slope * (value(k) - mean) + beta;
      y.set_bits(view.offset(c, k),
                 std::bit_cast<std::uint64_t>(d.convert_to<double>()));
    }
  }
  return y;
}

void two_pass_mpfr(benchmark::State& state) {
  static const Problem problem =
      activations(Operation::forward_training, DType::f64, {8, 4, 28, 28});
  if (forward(problem) !=
      rounded(ExactBatchNorm(problem), Output::y, DType::f64)) {
    return state.SkipWithError("50 digits and the exact value disagree");
  }
  for (auto _ : state) benchmark::DoNotOptimize(forward(problem));
  state.counters["values"] = static_cast<double>(problem.x().size());
}

BENCHMARK(two_pass_mpfr)->Name("two_pass_mpfr_f64");

}  // namespace

}  // namespace exactbn
