// SPDX-License-Identifier: Apache-2.0
// Whether ordinary questions are answered by the formulas.
#include <fmt/format.h>

#include <algorithm>

#include "oracles/format_names.h"
#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

// If not, the rest of the card may mean little. Running and saved statistics
// have their own lines.
void formulas(Interview& interview, CardLine& line) {
  line.declared = "as defined";
  std::vector<std::string> wrong;
  std::vector<std::string> right;
  for (const Operation operation : kOperations) {
    if (!interview.does(operation)) continue;
    const Encoding& encoding = *interview.encoding(operation);
    Question q = ordinary_question(operation);
    q.epsilon = 0x1p-20;  // negligible wherever it is added
    const Problem problem = problem_of(q, encoding);
    const Answer answer = interview.ask(problem);
    for (const Output name :
         {Output::y, Output::dx, Output::dgamma, Output::dbeta, Output::y_dot,
          Output::grad_dy, Output::grad_x, Output::grad_gamma}) {
      const auto got = values_of(problem, answer, name);
      if (!got) continue;
      const std::vector<double> exact = exact_values(problem, name);
      std::string text = fmt::format("{} of {}", name, to_string(operation));
      if (distance(*got, exact) <= rounding_of(encoding)) {
        right.push_back(std::move(text));
        continue;
      }
      if (wrong.empty()) {
        line.evidence = fmt::format("{} is {}, expected {}; ", text,
                                    listed(*got), listed(exact));
      }
      wrong.push_back(std::move(text));
    }
  }
  line.evidence += fmt::format(
      "{} of {} outputs are right to 12 bits or the precision of their format",
      right.size(), right.size() + wrong.size());
  if (right.empty() && wrong.empty()) {
    return conclude(line, kNotOffered);
  }
  if (wrong.empty()) return conclude(line, "as defined");
  constexpr std::size_t kMost = 3;
  const std::size_t more = wrong.size() - std::min(kMost, wrong.size());
  wrong.resize(wrong.size() - more);
  conclude(line, "wrong: " + joined(wrong) +
                     (more > 0 ? fmt::format(" and {} more", more) : ""));
}

// y with or without gamma and beta.
std::optional<std::vector<double>> y_of(Interview& interview,
                                        Operation operation,
                                        const std::vector<double>& gamma,
                                        const std::vector<double>& beta,
                                        std::string& refusal) {
  Question q = ordinary_question(operation);
  q.gamma = gamma;
  q.beta = beta;
  Problem problem = problem_of(q, *interview.encoding(operation));
  if (gamma.empty()) problem.inputs.erase(Input::gamma);
  if (beta.empty()) problem.inputs.erase(Input::beta);
  const Answer answer = interview.ask(problem);
  if (answer.kind != Answer::Kind::outputs) refusal = refusal_text(answer);
  return values_of(problem, answer, Output::y);
}

// Compared with the subject's own answer when they are present, so that only
// their absence matters.
void absent_parameters(Interview& interview, CardLine& line) {
  line.declared = "1 and 0";
  const auto operation = interview.first_of(
      {Operation::forward_training, Operation::forward_inference});
  if (!operation) {
    return conclude_not_offered(interview, line, Operation::forward_training);
  }
  using Row = std::vector<double>;
  const Row ones(3, 1);
  const Row zeros(3, 0);
  const Row gamma = {1.5, -2, 1};
  const Row beta = {0, 1, -0.5};
  std::string refusal;
  std::vector<std::string> wrong;
  std::vector<std::string> refused;
  const auto compare = [&](const char* name, const Row& a, const Row& b,
                           const Row& as_a, const Row& as_b) {
    const auto absent = y_of(interview, *operation, a, b, refusal);
    const auto there = y_of(interview, *operation, as_a, as_b, refusal);
    if (!absent || !there) {
      refused.emplace_back(name);
    } else if (distance(*absent, *there) >
               rounding_of(*interview.encoding(*operation))) {
      wrong.emplace_back(name);
      line.evidence += fmt::format("y is {} without {}, {} with 1 or 0; ",
                                   listed(*absent), name, listed(*there));
    }
  };
  compare("gamma and beta", {}, {}, ones, zeros);
  compare("gamma", {}, beta, ones, beta);
  compare("beta", gamma, {}, gamma, zeros);
  line.evidence += "y with and without them";
  if (!refused.empty()) {
    line.evidence += "; without " + joined(refused) + " it is " + refusal;
  }
  if (!wrong.empty()) {
    return conclude(line, "something else, without " + joined(wrong));
  }
  conclude(line, refused.size() == 3 ? std::string(kNotOffered) : "1 and 0");
}

constexpr Experiment kFormulasExperiments[] = {
    {"formulas", "ordinary questions are answered", formulas},
    {"absent_parameters", "absent gamma and beta are", absent_parameters, true},
};

}  // namespace

std::span<const Experiment> formula_experiments() {
  return kFormulasExperiments;
}

}  // namespace exactbn::probing
