// SPDX-License-Identifier: Apache-2.0
// How results are rounded to short formats.
#include "oracles/check/rounding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

constexpr std::array kModes = {StoreRounding::nearest,
                               StoreRounding::toward_zero, StoreRounding::away,
                               StoreRounding::up, StoreRounding::down};

// y is 1 + ulp or its negative, plus beta: odd eighths of an ulp of either
// sign. w is 4, and everything before the last addition is exact, so that y
// lies in many ways between two neighbours.
Question rounding_question(Operation operation, double ulp) {
  Question q;
  q.operation = operation;
  q.epsilon = 3;
  for (const int eighths : {1, 3, 5, 7, -1, -3, -5, -7}) {
    q.x.push_back({1, -1, -1, 1, 1, -1, -1, 1, -1, 1, 1, -1, -1, 1, 1, -1});
    q.gamma.push_back(2 + 2 * ulp);
    q.beta.push_back(eighths * ulp / 8);
  }
  return q;
}

// The value rounded to a multiple of the ulp.
double rounded_as(StoreRounding mode, double value, double ulp) {
  const double ulps = value / ulp;
  switch (mode) {
    case StoreRounding::toward_zero:
      return std::trunc(ulps) * ulp;
    case StoreRounding::away:
      return std::copysign(std::ceil(std::fabs(ulps)), value) * ulp;
    case StoreRounding::up:
      return std::ceil(ulps) * ulp;
    case StoreRounding::down:
      return std::floor(ulps) * ulp;
    case StoreRounding::nearest:
    case StoreRounding::stochastic:
      break;
  }
  return std::round(ulps) * ulp;
}

// The mode that gives all values; stochastic if equal values get either
// neighbour.
std::string mode_of(const std::vector<double>& exact,
                    const std::vector<double>& got, double ulp) {
  for (const StoreRounding mode : kModes) {
    const bool fits = std::equal(exact.begin(), exact.end(), got.begin(),
                                 [&](double want, double y) {
                                   return y == rounded_as(mode, want, ulp);
                                 });
    if (fits) return std::string(to_string(mode));
  }
  std::set<std::pair<double, double>> answers;
  std::set<double> values;
  for (std::size_t i = 0; i < got.size(); ++i) {
    // Neither neighbour, or NaN.
    if (!(std::fabs(got[i] - exact[i]) < ulp)) {
      return std::string(kSomethingElse);
    }
    values.insert(exact[i]);
    answers.insert({exact[i], got[i]});
  }
  return answers.size() > values.size()
             ? std::string(to_string(StoreRounding::stochastic))
             : std::string(kSomethingElse);
}

bool is_short(DType dtype, const Declaration& declaration) {
  const DType sums = declaration.accumulation.value_or(DType::f32);
  return format(dtype).precision < format(sums).precision;
}

// Of the values 1 + 9/8 ulp to 1 + 15/8 ulp.
std::string evidence(DType dtype, const std::vector<double>& got, double ulp) {
  constexpr std::size_t kChannels = 4;
  const std::size_t m = got.size() / 8;
  std::vector<double> ulps;
  for (std::size_t c = 0; c < kChannels; ++c) {
    ulps.push_back((got[c * m] - 1) / ulp);
  }
  return fmt::format("{}: 1 + {{9, 11, 13, 15}}/8 ulp are 1 + {{{}}} ulp",
                     format(dtype).name, listed(ulps));
}

void rounding(Interview& interview, CardLine& line) {
  line.declared = to_string(interview.declaration().rounding);
  const auto operation = interview.first_of(
      {Operation::forward_inference, Operation::forward_training});
  if (!operation) {
    return conclude_not_offered(interview, line, Operation::forward_inference);
  }
  std::vector<Observation> seen;
  for (const DType dtype : kDTypes) {
    if (!is_short(dtype, interview.declaration())) continue;
    const Encoding* encoding = interview.encoding(*operation, dtype);
    if (!encoding) continue;
    const double ulp = std::ldexp(1.0, 1 - format(dtype).precision);
    const Problem problem =
        problem_of(rounding_question(*operation, ulp), *encoding);
    const auto got = values_of(problem, interview.ask(problem), Output::y);
    if (!got) continue;
    const std::vector<double> exact = exact_values(problem, Output::y);
    seen.push_back(
        {std::string(format(dtype).name), mode_of(exact, *got, ulp)});
    const bool expected = seen.back().what == line.declared;
    if (line.evidence.empty() || !expected) {
      line.evidence = evidence(dtype, *got, ulp);
    }
  }
  if (seen.empty()) {
    line.evidence = "no format is shorter than that of the sums";
    return conclude(line, kNotOffered);
  }
  conclude(line, summary(seen));
}

constexpr Experiment kRoundingExperiments[] = {
    {"rounding", "short formats are rounded", rounding},
};

}  // namespace

std::span<const Experiment> rounding_experiments() {
  return kRoundingExperiments;
}

}  // namespace exactbn::probing
