// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/eta_decades.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>

namespace exactbn {

namespace {

// A measure of one output of a case; NaN if the output has none.
using Measure = std::function<double(const CaseRun& c, std::size_t output)>;

// Without a logarithm, which may round up into the next decade.
int exponent_of(double x) {
  int exponent = 0;
  for (double next = 10; x >= next && exponent < kLastDecade; next *= 10) {
    ++exponent;
  }
  return exponent;
}

std::vector<Decade> eta_by(const Run& run, const Measure& measure) {
  std::map<int, Decade> decades;
  for (const CaseRun& c : run.cases) {
    for (std::size_t i = 0; i < c.verdict.outputs.size(); ++i) {
      const double x = measure(c, i);
      if (std::isnan(x) || c.ulps[i].decided() == 0) continue;
      const int exponent = exponent_of(x);
      Decade& decade = decades[exponent];
      decade.exponent = exponent;
      ++decade.outputs;
      const double eta = c.verdict.outputs[i].max_eta;
      if (!decade.worst || eta > decade.eta) {
        decade.eta = eta;
        decade.worst = &c;
      }
    }
  }
  std::vector<Decade> result;
  result.reserve(decades.size());
  for (const auto& [exponent, decade] : decades) result.push_back(decade);
  return result;
}

}  // namespace

std::string Decade::from() const {
  if (exponent > 2) return fmt::format("1e{}", exponent);
  return exponent == 0 ? "1" : exponent == 1 ? "10" : "100";
}

std::vector<Decade> eta_by_kappa(const Run& run) {
  return eta_by(run, [](const CaseRun& c, std::size_t output) {
    return c.kappas[output];
  });
}

std::vector<Decade> eta_by_m(const Run& run) {
  return eta_by(run, [](const CaseRun& c, std::size_t) {
    return static_cast<double>(c.question->problem.view().count());
  });
}

}  // namespace exactbn
