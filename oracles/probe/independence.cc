// SPDX-License-Identifier: Apache-2.0
// What an answer must not depend on: layout, other elements, earlier calls.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

constexpr const char* kSame = "the same bits";
constexpr const char* kRounded = "the same except for rounding";
constexpr const char* kOther = "different values";

// How two answers that should be equal compare.
std::string likeness(const std::vector<double>& a, const std::vector<double>& b,
                     double tolerance) {
  const double d = distance(a, b);
  if (d == 0) return kSame;
  return d <= tolerance ? kRounded : kOther;
}

// Reports the worst; rounding alone is not a disagreement.
void conclude_alike(CardLine& line, const std::vector<Observation>& seen) {
  if (seen.empty()) return conclude(line, kNotOffered);
  const auto any = [&](const char* what) {
    return std::any_of(seen.begin(), seen.end(),
                       [&](const Observation& s) { return s.what == what; });
  };
  line.found = any(kOther) ? kOther : any(kRounded) ? kRounded : kSame;
  line.agrees = line.found != kOther;
  std::vector<std::string> places;
  for (const Observation& s : seen) {
    const bool known =
        std::find(places.begin(), places.end(), s.where) != places.end();
    if (s.what == line.found && line.found != kSame && !known) {
      places.push_back(s.where);
    }
  }
  if (!places.empty()) line.evidence += "; so in " + joined(places);
}

// Compares each output separately, since a small one would be lost beside a
// large one.
std::string likeness(const Problem& a, const Answer& answer_a, const Problem& b,
                     const Answer& answer_b, double tolerance) {
  std::string worst = kSame;
  for (const Output name : output_names(a)) {
    const auto of_a = values_of(a, answer_a, name);
    const auto of_b = values_of(b, answer_b, name);
    if (!of_a && !of_b) continue;
    const std::string l =
        of_a && of_b ? likeness(*of_a, *of_b, tolerance) : kOther;
    if (l == kOther || worst == kSame) worst = l;
  }
  return worst;
}

void layout(Interview& interview, CardLine& line) {
  line.declared = kRounded;
  std::vector<Observation> seen;
  int layouts = 0;
  for (const Operation operation : kOperations) {
    if (!interview.does(operation)) continue;
    const Encoding base = *interview.encoding(operation);
    const Problem first = problem_of(ordinary_question(operation), base);
    const Answer first_answer = interview.ask(first);
    for (int rank = 2; rank <= 5; ++rank) {
      for (int axis = 0; axis < rank; ++axis) {
        Encoding encoding = base;
        encoding.rank = rank;
        encoding.axis = axis;
        encoding.spread = true;
        const Problem problem =
            problem_of(ordinary_question(operation), encoding);
        const Answer answer = interview.ask(problem);
        if (answer.kind != Answer::Kind::outputs) continue;
        ++layouts;
        seen.push_back({fmt::format("{} (rank {}, axis {})",
                                    to_string(operation), rank, axis),
                        likeness(first, first_answer, problem, answer,
                                 rounding_of(encoding))});
      }
    }
  }
  line.evidence = fmt::format(
      "the same values by channel in {} operations and layouts", layouts);
  // One example is enough for a reader, with the number of others.
  std::vector<Observation> shown;
  for (const Observation& s : seen) {
    const auto same = [&](const Observation& other) {
      return other.what == s.what;
    };
    if (std::none_of(shown.begin(), shown.end(), same)) {
      shown.push_back(s);
      const auto n = std::count_if(seen.begin(), seen.end(), same);
      if (n > 1) shown.back().where += fmt::format(" and {} more", n - 1);
    }
  }
  conclude_alike(line, shown);
}

void neighbours(Interview& interview, CardLine& line) {
  line.declared = kRounded;
  constexpr Operation kFrozen = Operation::forward_inference;
  const Encoding* encoding = interview.encoding(kFrozen);
  if (!encoding) return conclude_not_offered(interview, line, kFrozen);
  const Question plain = ordinary_question(kFrozen);
  const Problem problem = problem_of(plain, *encoding);
  const Answer answer = interview.ask(problem);
  const auto y = values_of(problem, answer, Output::y);
  if (!y) {
    line.evidence = refusal_text(answer);
    return conclude(line, kNotOffered);
  }
  const std::size_t m = plain.x.front().size();
  std::vector<Observation> seen;
  // Compares y of value k of channel c in a batch of others.
  const auto compare = [&](const char* where, const Question& q, std::size_t c,
                           std::size_t k, std::size_t place) {
    const Problem other = problem_of(q, *encoding);
    const auto got = values_of(other, interview.ask(other), Output::y);
    if (!got) return;
    const std::size_t count = q.x.front().size();
    seen.push_back(
        {where, likeness({(*y)[c * m + k]}, {(*got)[c * count + place]},
                         rounding_of(*encoding))});
  };
  for (const std::size_t k : {std::size_t{0}, std::size_t{5}, m - 1}) {
    const std::size_t c = k % plain.x.size();
    Question others = plain;
    for (auto& column : others.x) {
      for (double& x : column) x = 3 - x;
    }
    others.x[c][k] = plain.x[c][k];
    compare("a batch of other values", others, c, k, k);
    Question alone = plain;
    for (auto& column : alone.x) column = {column[k]};
    compare("a batch of one", alone, c, k, 0);
    Question more = plain;
    for (auto& column : more.x) {
      const std::vector<double> once = column;
      for (int i = 0; i < 5; ++i) {
        column.insert(column.end(), once.begin(), once.end());
      }
    }
    compare("a batch of 72", more, c, k, 5 * m + k);
  }
  line.evidence = "values among other values, alone, and in a batch of 72";
  conclude_alike(line, seen);
}

// Asks each operation its ordinary question, and again after `between`.
template <class Between>
std::vector<Observation> asked_again(Interview& interview,
                                     const Between& between) {
  std::vector<Observation> seen;
  for (const Operation operation : kOperations) {
    if (!interview.does(operation)) continue;
    const Encoding encoding = *interview.encoding(operation);
    const Problem problem = problem_of(ordinary_question(operation), encoding);
    const Answer first = interview.ask(problem);
    between(operation, encoding);
    const Answer second = interview.ask(problem);
    seen.push_back(
        {std::string(to_string(operation)),
         likeness(problem, first, problem, second, rounding_of(encoding))});
  }
  return seen;
}

void repetition(Interview& interview, CardLine& line) {
  line.declared = kRounded;
  line.evidence = "each question asked twice";
  conclude_alike(line,
                 asked_again(interview, [](Operation, const Encoding&) {}));
}

void memory(Interview& interview, CardLine& line) {
  line.declared = kRounded;
  line.evidence =
      "each question asked before and after other values, and after a NaN";
  conclude_alike(line,
                 asked_again(interview, [&](Operation o, const Encoding& f) {
                   Question q = ordinary_question(o);
                   for (auto& column : q.x) {
                     for (double& x : column) x = 2 * x - 1;
                   }
                   q.running_mean = {-3, 5, 2};
                   q.running_var = {1, 9, 0.5};
                   interview.ask(q, f);
                   q.x[0][0] = NAN;
                   interview.ask(q, f);
                 }));
}

constexpr Experiment kIndependenceExperiments[] = {
    {"layout", "in other layouts it gives", layout, true},
    {"neighbours", "frozen y in other batches is", neighbours},
    {"repetition", "the same question again gives", repetition},
    {"memory", "after other questions it gives", memory},
};

}  // namespace

std::span<const Experiment> independence_experiments() {
  return kIndependenceExperiments;
}

}  // namespace exactbn::probing
