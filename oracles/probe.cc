// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe.h"

#include <array>

#include "oracles/probe/experiments.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace probing {

std::vector<Observation> conclusive(
    const std::vector<Observation>& observations) {
  std::vector<Observation> sure;
  for (const Observation& s : observations) {
    if (s.what != kCannotTell) sure.push_back(s);
  }
  return sure.empty() ? observations : sure;
}

void conclude_not_offered(Interview& interview, CardLine& line,
                          Operation operation) {
  line.evidence =
      std::string(to_string(operation)) + ": " + interview.refusal(operation);
  conclude(line, kNotOffered);
}

std::optional<Output> principal_output(const Problem& problem,
                                       const Answer& answer) {
  for (const Output name :
       {Output::y, Output::dx, Output::dgamma, Output::y_dot, Output::grad_dy,
        Output::grad_x, Output::grad_gamma}) {
    if (values_of(problem, answer, name)) return name;
  }
  return std::nullopt;
}

std::string refusal_text(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::outputs:
      break;
    case Answer::Kind::unsupported:
      return "unsupported: " + answer.message;
    case Answer::Kind::rejected:
      return "rejected: " + answer.message;
    case Answer::Kind::error:
      return "error: " + answer.message;
  }
  return "outputs";
}

}  // namespace probing

Card probe(Subject& subject) {
  const StandardEnvironment environment;
  using namespace probing;
  Interview interview(subject);
  Card card;
  card.subject = subject.declaration().subject;
  for (const auto family :
       {offer_experiments(), formula_experiments(), momentum_experiments(),
        running_experiments(), statistics_experiments(), epsilon_experiments(),
        sums_experiments(), rounding_experiments(), independence_experiments(),
        // Last: some subjects do not recover from a NaN.
        range_experiments()}) {
    for (const Experiment& experiment : family) {
      CardLine line;
      line.id = experiment.id;
      line.title = experiment.title;
      line.matters = experiment.matters;
      try {
        experiment.run(interview, line);
      } catch (const SubjectFailure& failure) {
        line.evidence = failure.what();
        conclude(line, kCannotTell);
      }
      card.lines.push_back(std::move(line));
    }
  }
  card.broke = interview.breaks();
  return card;
}

}  // namespace exactbn
