// SPDX-License-Identifier: Apache-2.0
// Cases of `exactbn properties`: drawn, answered, and judged by the oracle and
// all laws.
#include <benchmark/benchmark.h>
#include <omp.h>

#include "oracles/subjects/double.h"
#include "properties/survey.h"
#include "tools/benchmarks/small_cases.h"

namespace exactbn {

namespace {

void survey_small(benchmark::State& state) {
  omp_set_num_threads(omp_get_num_procs());
  const Source source{[] { return std::make_unique<DoubleSubject>(); }};
  Request request;
  request.draw = small_draw();
  request.seed = kSmallSeed;
  request.cases = 4096;
  for (const Law& law : laws()) request.laws.push_back(&law);
  for (auto _ : state) {
    const Survey s = survey(source, request);
    if (s.failed != 0 || s.done != request.cases) {
      return state.SkipWithError("the textbook does not pass");
    }
    request.first += request.cases;
  }
  state.counters["values"] = static_cast<double>(request.cases);
}

BENCHMARK(survey_small)->Name("properties_small")->UseRealTime();

}  // namespace

}  // namespace exactbn
