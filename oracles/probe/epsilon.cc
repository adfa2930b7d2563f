// SPDX-License-Identifier: Apache-2.0
// Where epsilon is added, whether a minimum is imposed, and what 0/0 gives.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "oracles/format_names.h"
#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

// However epsilon is used, the denominator is sqrt(v + e) for some e. So each
// hypothesis is the same problem with another epsilon, decided exactly.
std::vector<Hypothesis> by_epsilon(
    const Problem& problem, Output output,
    const std::vector<std::pair<std::string, double>>& epsilons) {
  std::vector<Hypothesis> hypotheses;
  for (const auto& [name, epsilon] : epsilons) {
    Problem as = problem;
    as.epsilon = epsilon;
    hypotheses.push_back({name, exact_values(as, output)});
  }
  return hypotheses;
}

void epsilon_place(Interview& interview, CardLine& line) {
  line.declared = "inside the root";
  std::vector<Observation> seen;
  for (const Operation operation : kOperations) {
    if (!interview.does(operation)) continue;
    const Encoding& encoding = *interview.encoding(operation);
    // A variance of 4 for the batch and for the frozen statistics.
    const double v = 4;
    const double e = 7;
    Question q;
    q.operation = operation;
    q.x = {{1, 5, 5, 1, 1, 5, 1, 5}};
    q.epsilon = e;
    q.running_mean = {3};
    q.running_var = {v};
    const double m = static_cast<double>(q.x.front().size());
    const Problem problem = problem_of(q, encoding);
    const Answer answer = interview.ask(problem);
    const auto output = principal_output(problem, answer);
    if (!output) continue;
    const auto got = *values_of(problem, answer, *output);
    const auto hypotheses =
        by_epsilon(problem, *output,
                   {{"inside the root", e},
                    {"outside the root", 2 * std::sqrt(v) * e + e * e},
                    {"left out, or far smaller", 0},
                    {"added twice", 2 * e},
                    {"squared", e * e},
                    {"a floor: max(var, epsilon)", e - v},
                    {"inside, without the root", (v + e) * (v + e) - v},
                    {"inside, of the variance squared", v * v + e - v},
                    {"divided by m", e / m}});
    seen.push_back({std::string(to_string(operation)),
                    fitting(hypotheses, got, rounding_of(encoding))});
    if (line.evidence.empty() || seen.back().what != seen.front().what) {
      line.evidence =
          fmt::format("{} of {} is {}", *output, to_string(operation),
                      compared(hypotheses, got));
    }
  }
  if (seen.empty()) return conclude(line, kNotOffered);
  conclude(line, summary(seen));
}

// An epsilon 2^-k, and the values of epsilon that fit the answer to it.
struct EpsilonFit {
  int k;
  std::vector<std::string> fits;
};

constexpr const char* kAsRequested = "as requested";

// x = -t and t with t^2 = epsilon / 16, or a frozen variance of that size:
// epsilon then dominates, and another one shows. invstd^3, which gradients
// contain, stays in the range of f32.
std::vector<EpsilonFit> fit_epsilons(Interview& interview, Operation operation,
                                     const Encoding& encoding) {
  std::vector<EpsilonFit> fits;
  for (const int k : {4, 10, 16, 18, 20, 24, 30, 34, 40, 44, 50, 60, 80}) {
    const int half = k / 2 + 2;
    const bool batch = normalizes_by_batch(operation);
    const Format f = format(batch ? encoding.dtype : encoding.parameters);
    if (batch ? -half < f.emin : -2 * half < f.emin) break;
    const double t = std::ldexp(1.0, -half);
    Question q;
    q.operation = operation;
    q.x = {batch ? std::vector<double>{-t, t, t, -t}
                 : std::vector<double>{-1, 1, 1, -1}};
    q.dy = {{1, -1, 2, 4}};
    q.epsilon = std::ldexp(1.0, -k);
    q.running_var = {t * t};
    const Problem problem = problem_of(q, encoding);
    const Answer answer = interview.ask(problem);
    const auto output = principal_output(problem, answer);
    if (!output) continue;
    const auto got = *values_of(problem, answer, *output);
    fits.push_back({k, all_fitting(by_epsilon(problem, *output,
                                              {{kAsRequested, q.epsilon},
                                               {"0", 0},
                                               {"1e-03", 1e-3},
                                               {"1e-04", 1e-4},
                                               {"1e-05", 1e-5},
                                               {"1e-06", 1e-6},
                                               {"1e-07", 1e-7},
                                               {"1e-08", 1e-8},
                                               {"1e-10", 1e-10},
                                               {"1e-12", 1e-12},
                                               {"1e-16", 1e-16}}),
                                   got, rounding_of(encoding))});
  }
  return fits;
}

bool holds(const EpsilonFit& fit, const std::string& name) {
  return std::find(fit.fits.begin(), fit.fits.end(), name) != fit.fits.end();
}

// What replaces epsilon: the one value that fits all answers in which epsilon
// was not used as requested, which must be those with the smallest epsilons.
std::string epsilon_rule(const std::vector<EpsilonFit>& fits) {
  bool as_requested = false;
  bool mixed = false;
  std::optional<std::vector<std::string>> instead;
  for (const EpsilonFit& fit : fits) {
    if (holds(fit, kAsRequested)) {
      as_requested = true;
      mixed = mixed || instead;
    } else if (!instead) {
      instead = fit.fits;
    } else {
      std::erase_if(*instead, [&](const auto& n) { return !holds(fit, n); });
    }
  }
  if (!instead) return "none";
  if (mixed || instead->empty()) {
    // If epsilon is not added inside the root, this finds nothing.
    return std::string(as_requested ? kSomethingElse : kCannotTell);
  }
  const std::string& name = instead->front();
  if (name == "0") return as_requested ? "lost if too small" : "left out";
  return as_requested ? name : "always " + name;
}

void epsilon_minimum(Interview& interview, CardLine& line) {
  line.declared = "none";
  std::vector<Observation> seen;
  std::vector<std::string> evidence;
  for (const Operation operation : kOperations) {
    if (!interview.does(operation)) continue;
    const std::vector<EpsilonFit> found =
        fit_epsilons(interview, operation, *interview.encoding(operation));
    if (found.empty()) continue;
    seen.push_back({std::string(to_string(operation)), epsilon_rule(found)});
    int least = -1;
    for (const EpsilonFit& fit : found) {
      if (holds(fit, kAsRequested)) least = fit.k;
    }
    const std::string text =
        least < 0
            ? "requested 2^-4 and less; none was used"
            : fmt::format(
                  "used as requested down to 2^-{}; smallest request 2^-{}",
                  least, found.back().k);
    if (evidence.empty() || evidence.back() != text) evidence.push_back(text);
  }
  if (seen.empty()) return conclude(line, kNotOffered);
  line.evidence = joined(evidence);
  conclude(line, summary(conclusive(seen)));
}

// The answer for a constant channel that would divide exactly 0/0.
std::string zero_word(const std::vector<double>& got, double at_zero) {
  bool all_nan = true;
  bool all_zero = true;
  bool any_infinite = false;
  for (const double value : got) {
    all_nan = all_nan && std::isnan(value);
    all_zero = all_zero && value == at_zero;
    any_infinite = any_infinite || std::isinf(value);
  }
  if (all_nan) return "nan";
  if (all_zero) return "zero";
  return any_infinite ? "infinity" : std::string(kSomethingElse);
}

void zero_variance(Interview& interview, CardLine& line) {
  line.declared = interview.declaration().zero_variance == ZeroVariance::nan
                      ? "nan"
                      : "zero";
  std::vector<Observation> seen;
  for (const Operation operation : kOperations) {
    if (!normalizes_by_batch(operation) || !interview.does(operation)) continue;
    Question q = ordinary_question(operation);
    q.x = {{3, 3, 3, 3}};
    q.gamma = {2};
    q.beta = {5};
    q.running_mean = {1};
    q.running_var = {1};
    q.epsilon = 0;
    const Problem problem = problem_of(q, *interview.encoding(operation));
    const Answer answer = interview.ask(problem);
    const auto output = principal_output(problem, answer);
    if (!output) {
      line.evidence =
          fmt::format("{} is {}", to_string(operation), refusal_text(answer));
      continue;
    }
    const auto got = *values_of(problem, answer, *output);
    seen.push_back({std::string(to_string(operation)),
                    zero_word(got, *output == Output::y ? q.beta[0] : 0)});
    line.evidence +=
        fmt::format("{}{} of {} is {}", line.evidence.empty() ? "" : "; ",
                    *output, to_string(operation), listed(got));
    if (const auto invstd = values_of(problem, answer, Output::invstd)) {
      line.evidence += fmt::format(", invstd {}", listed(*invstd));
    }
  }
  if (seen.empty()) return conclude(line, kNotOffered);
  conclude(line, summary(seen));
}

void zero_variance_frozen(Interview& interview, CardLine& line) {
  line.declared = "nan or infinity";
  constexpr Operation kFrozen = Operation::forward_inference;
  const Encoding* encoding = interview.encoding(kFrozen);
  if (!encoding) return conclude_not_offered(interview, line, kFrozen);
  Question q;
  q.operation = kFrozen;
  q.x = {{1, 3, -2}};
  q.epsilon = 0;
  q.beta = {5};
  q.running_mean = {1};
  q.running_var = {0};
  const Problem problem = problem_of(q, *encoding);
  const Answer answer = interview.ask(problem);
  const auto y = values_of(problem, answer, Output::y);
  if (!y) {
    line.evidence = refusal_text(answer);
    return conclude(line, kNotOffered);
  }
  line.evidence =
      fmt::format("y is {} where x - running_mean is 0, 2, -3", listed(*y));
  bool finite = false;
  for (const double value : *y) finite = finite || std::isfinite(value);
  if (!finite) return conclude(line, "nan or infinity");
  conclude(line, zero_word(*y, q.beta[0]) == "zero"
                     ? "beta"
                     : std::string(kSomethingElse));
}

constexpr Experiment kEpsilonExperiments[] = {
    {"epsilon_place", "epsilon is", epsilon_place, true},
    {"epsilon_minimum", "minimum epsilon", epsilon_minimum, true},
    {"zero_variance", "0/0 (variance and epsilon 0) gives", zero_variance},
    {"zero_variance_frozen", "0/0 with frozen statistics gives",
     zero_variance_frozen},
};

}  // namespace

std::span<const Experiment> epsilon_experiments() {
  return kEpsilonExperiments;
}

}  // namespace exactbn::probing
