// SPDX-License-Identifier: Apache-2.0
// The running statistics: whose weight momentum is, and what goes into them.
#include <fmt/format.h>

#include <cmath>

#include "oracles/probe_experiments.h"

namespace exactbn {

namespace {

constexpr Operation kTraining = Operation::forward_training;

// What an average gives to the old and to the new.
struct Weights {
  double of_old;
  double of_new;
};

// Two channels: an old average of 16 and a batch of 0, and the other way round.
// The variance of the second has `factor`, m/(m - 1), or 1.
struct Weighing {
  std::optional<Weights> mean;
  std::optional<Weights> var;  // with the biased variance of the batch
  std::string refusal;
};

constexpr double kSize = 16;
constexpr std::size_t kMany = 64;

Weighing weigh(Interview& interview, const Form& form,
               std::optional<double> momentum, std::int64_t batches) {
  Question q;
  q.momentum = momentum;
  q.batches_tracked = batches;
  q.x = {std::vector<double>(kMany, 0), std::vector<double>(kMany, 12)};
  for (std::size_t k = 0; k < kMany; k += 2) q.x[1][k] = 20;
  q.running_mean = {kSize, 0};
  q.running_var = {kSize, 0};
  const Problem problem = problem_of(q, form);
  const Answer answer = interview.ask(problem);
  Weighing found;
  if (answer.kind != Answer::Kind::outputs) {
    found.refusal = refusal_text(answer);
  }
  if (const auto r = values_of(problem, answer, "running_mean")) {
    found.mean = {(*r)[0] / kSize, (*r)[1] / kSize};
  }
  if (const auto r = values_of(problem, answer, "running_var")) {
    found.var = {(*r)[0] / kSize, (*r)[1] / kSize};
  }
  return found;
}

// A rule, and the weights that it gives at `weight`: the momentum, or what the
// cumulative average has for it.
struct Rule {
  std::string name;
  Weights (*at)(double weight);
};

const std::vector<Rule>& momentum_rules() {
  static const std::vector<Rule> rules = {
      {"momentum",
       [](double p) {
         return Weights{1 - p, p};
       }},
      {"1 - momentum",
       [](double p) {
         return Weights{p, 1 - p};
       }},
      {"1: it replaces the old",
       [](double) {
         return Weights{0, 1};
       }},
      {"0: it is never updated",
       [](double) {
         return Weights{1, 0};
       }},
      {"momentum, but the old keeps weight 1",
       [](double p) {
         return Weights{1, p};
       }},
      {"momentum, twice",
       [](double p) {
         return Weights{(1 - p) * (1 - p), 1 - (1 - p) * (1 - p)};
       }},
      {"0.1, whatever is asked",
       [](double) {
         return Weights{0.9, 0.1};
       }},
      {"0.01, whatever is asked",
       [](double) {
         return Weights{0.99, 0.01};
       }},
      {"0.9, whatever is asked",
       [](double) {
         return Weights{0.1, 0.9};
       }},
      {"0.99, whatever is asked",
       [](double) {
         return Weights{0.01, 0.99};
       }},
  };
  return rules;
}

using Seen = std::vector<std::pair<double, Weights>>;  // by weight asked

std::string rule_of(const std::vector<Rule>& rules, const Seen& seen,
                    double tolerance) {
  std::vector<Hypothesis> hypotheses;
  std::vector<double> got;
  for (const auto& [asked, weights] : seen) {
    got.insert(got.end(), {weights.of_old, weights.of_new});
  }
  for (const Rule& rule : rules) {
    // Of a variance the divisor is another matter.
    for (const double factor : {1.0, kMany / (kMany - 1.0)}) {
      Hypothesis h;
      h.name = rule.name;
      for (const auto& [asked, weights] : seen) {
        const Weights w = rule.at(asked);
        h.values.insert(h.values.end(), {w.of_old, factor * w.of_new});
      }
      hypotheses.push_back(std::move(h));
    }
  }
  return fitting(hypotheses, got, tolerance);
}

// The rules of the two averages as one finding.
std::string both(const std::string& mean, const std::string& var) {
  if (mean.empty() || mean == var) return var;
  if (var.empty()) return mean;
  return fmt::format("{}; of running_var {}", mean, var);
}

std::string text_of(const std::string& name, const Seen& seen) {
  std::string text;
  for (const auto& [asked, w] : seen) {
    text +=
        fmt::format("{}{} {:.4g} + {:.4g} at {:.4g}", text.empty() ? "" : ", ",
                    name, w.of_old, w.of_new, asked);
  }
  return text;
}

void momentum_side(Interview& interview, CardLine& line) {
  line.declared = "momentum";
  const Form* form = interview.form(kTraining);
  if (!form) return conclude_not_offered(interview, line, kTraining);
  Seen mean;
  Seen var;
  std::string refusal;
  // 0 and 1 have been taken for "none given".
  for (const double momentum : {0.25, 0.125, 0.0, 1.0}) {
    const Weighing w = weigh(interview, *form, momentum, 0);
    if (w.mean) mean.emplace_back(momentum, *w.mean);
    if (w.var) var.emplace_back(momentum, *w.var);
    if (!w.refusal.empty()) {
      refusal = fmt::format("; {:.4g} is {}", momentum, w.refusal);
    }
  }
  if (mean.empty() && var.empty()) {
    line.evidence = "it gives no running statistics" + refusal;
    return conclude(line, std::string(kNotOffered));
  }
  const auto rule = [&](const Seen& seen) -> std::string {
    if (seen.empty()) return {};
    const double tolerance = rounding_of(*form);
    const std::string all = rule_of(momentum_rules(), seen, tolerance);
    if (all != kSomethingElse) return all;
    // Perhaps at 0 or 1 alone.
    Seen inner;
    std::string but;
    for (const auto& entry : seen) {
      if (entry.first > 0 && entry.first < 1) inner.push_back(entry);
    }
    const std::string most = rule_of(momentum_rules(), inner, tolerance);
    if (most == kSomethingElse || inner.empty()) return all;
    for (const auto& [asked, w] : seen) {
      if (rule_of(momentum_rules(), {{asked, w}}, tolerance).find(most) !=
          std::string::npos) {
        continue;
      }
      but += fmt::format(", but {:.4g} at momentum {:.4g}", w.of_new, asked);
    }
    return but.empty() ? all : most + but;
  };
  line.evidence = "weights of old and new by momentum: " +
                  (mean.empty() ? text_of("running_var", var)
                                : text_of("running_mean", mean)) +
                  refusal;
  conclude(line, both(rule(mean), rule(var)));
}

void cumulative_average(Interview& interview, CardLine& line) {
  line.declared = "1 / (batches_tracked + 1)";
  const Form* form = interview.form(kTraining);
  if (!form) return conclude_not_offered(interview, line, kTraining);
  static const std::vector<Rule> rules = {
      {"1 / (batches_tracked + 1)",
       [](double n) {
         return Weights{n / (n + 1), 1 / (n + 1)};
       }},
      {"1 / batches_tracked",
       [](double n) {
         return Weights{1 - 1 / n, 1 / n};
       }},
      {"0.1",
       [](double) {
         return Weights{0.9, 0.1};
       }},
      {"0.01",
       [](double) {
         return Weights{0.99, 0.01};
       }},
      {"1: it replaces the old",
       [](double) {
         return Weights{0, 1};
       }},
      {"0: it is never updated",
       [](double) {
         return Weights{1, 0};
       }},
  };
  Seen mean;
  Seen var;
  std::string refusal;
  for (const int batches : {3, 7}) {
    const Weighing w = weigh(interview, *form, std::nullopt, batches);
    if (w.mean) mean.emplace_back(batches, *w.mean);
    if (w.var) var.emplace_back(batches, *w.var);
    if (!w.refusal.empty()) refusal = w.refusal;
  }
  if (mean.empty() && var.empty()) {
    line.evidence =
        refusal.empty() ? "it gives no running statistics" : refusal;
    return conclude(line, std::string(kNotOffered));
  }
  const auto rule = [&](const Seen& seen) {
    return seen.empty() ? "" : rule_of(rules, seen, rounding_of(*form));
  };
  line.evidence = "weights of old and new by batches_tracked: " +
                  (mean.empty() ? text_of("running_var", var)
                                : text_of("running_mean", mean));
  conclude(line, both(rule(mean), rule(var)));
}

void running_variance(Interview& interview, CardLine& line) {
  const bool unbiased =
      interview.declaration().running_variance == RunningVariance::unbiased;
  line.declared = unbiased ? "unbiased" : "biased";
  const Form* form = interview.form(kTraining);
  if (!form) return conclude_not_offered(interview, line, kTraining);
  Question q;
  q.operation = kTraining;
  q.x = {{-1, 1, 3, 5}, {2, -4, 6, -8}};
  q.momentum = 0.5;  // whichever side it is
  q.running_var = {8, 8};
  // Channels of two samples by two places, where that can be asked: their
  // numbers have been mixed up.
  Form spread = *form;
  spread.rank = 4;
  spread.axis = form->axis == 1 ? 1 : spread.rank - 1;
  spread.spread = true;
  Problem problem = problem_of(q, spread);
  Answer answer = interview.ask(problem);
  if (answer.kind != Answer::Kind::outputs) {
    problem = problem_of(q, *form);
    answer = interview.ask(problem);
  }
  const auto got = values_of(problem, answer, "running_var");
  if (!got) {
    line.evidence = answer.kind == Answer::Kind::outputs
                        ? "it gives no running_var"
                        : refusal_text(answer);
    return conclude(line, std::string(kNotOffered));
  }
  const double m = static_cast<double>(q.x.front().size());
  const std::vector<double> var = {5, 29};
  const std::vector<double> mean = {2, -1};
  std::vector<Hypothesis> hypotheses;
  const auto add = [&](const char* name, const auto& of) {
    for (const double weight : {0.5, 1.0}) {  // 1: the old is replaced
      Hypothesis h{name, {}};
      for (std::size_t c = 0; c < var.size(); ++c) {
        h.values.push_back((1 - weight) * 8 + weight * of(var[c], mean[c]));
      }
      hypotheses.push_back(std::move(h));
    }
  };
  const double factor = m / (m - 1);
  add("unbiased", [&](double v, double) { return v * factor; });
  add("biased", [&](double v, double) { return v; });
  add("unbiased twice", [&](double v, double) { return v * factor * factor; });
  add("(m - 1) / m of the biased one",
      [&](double v, double) { return v / factor; });
  add("by N / (N - 1), of N samples", [&](double v, double) { return v * 2; });
  add("the deviation", [&](double v, double) { return std::sqrt(v); });
  add("the unbiased deviation",
      [&](double v, double) { return std::sqrt(v * factor); });
  add("biased, plus epsilon", [&](double v, double) { return v + q.epsilon; });
  add("unbiased, plus epsilon",
      [&](double v, double) { return v * factor + q.epsilon; });
  add("the mean of x^2", [&](double v, double a) { return v + a * a; });
  line.evidence = "running_var " + compared(hypotheses, *got);
  conclude(line, fitting(hypotheses, *got, rounding_of(*form)));
}

Question single_question() {
  Question q;
  q.operation = kTraining;
  q.x = {{3}, {-2}};
  q.momentum = 0.5;
  q.beta = {1, -4};
  q.running_mean = {1, 1};
  q.running_var = {6, 2};
  return q;
}

void single_value(Interview& interview, CardLine& line) {
  const Declaration& declaration = interview.declaration();
  if (declaration.single_value == SingleValue::reject) {
    line.declared = "reject";
  } else if (declaration.running_variance == RunningVariance::biased) {
    line.declared = "takes 0";  // the biased variance of one value is a number
  } else {
    line.declared =
        declaration.single_value == SingleValue::nan ? "nan" : "keep";
  }
  const Form* form = interview.form(kTraining);
  if (!form) return conclude_not_offered(interview, line, kTraining);
  const Problem problem = problem_of(single_question(), *form);
  const Answer answer = interview.ask(problem);
  line.evidence = refusal_text(answer);
  if (answer.kind == Answer::Kind::rejected) return conclude(line, "reject");
  const auto got = values_of(problem, answer, "running_var");
  if (!got) {
    if (answer.kind == Answer::Kind::outputs) {
      line.evidence = "it gives no running_var";
    }
    const bool error = answer.kind == Answer::Kind::error;
    return conclude(line, error ? "error" : std::string(kNotOffered));
  }
  const std::vector<Hypothesis> hypotheses = {{"nan", {NAN, NAN}},
                                              {"keep", {6, 2}},
                                              {"takes 0", {3, 1}},
                                              {"0", {0, 0}}};
  line.evidence = fmt::format("running_var 6 becomes {:.6g}", got->front());
  conclude(line, fitting(hypotheses, *got, rounding_of(*form)));
}

void single_value_y(Interview& interview, CardLine& line) {
  const bool rejects =
      interview.declaration().single_value == SingleValue::reject;
  line.declared = rejects ? "reject" : "beta";
  const Form* form = interview.form(kTraining);
  if (!form) return conclude_not_offered(interview, line, kTraining);
  const Problem problem = problem_of(single_question(), *form);
  const Answer answer = interview.ask(problem);
  line.evidence = refusal_text(answer);
  if (answer.kind == Answer::Kind::rejected) return conclude(line, "reject");
  const auto got = values_of(problem, answer, "y");
  if (!got) {
    const bool error = answer.kind == Answer::Kind::error;
    return conclude(line, error ? "error" : std::string(kNotOffered));
  }
  const std::vector<Hypothesis> hypotheses = {
      {"beta", {1, -4}}, {"nan", {NAN, NAN}}, {"0", {0, 0}}, {"x", {3, -2}}};
  line.evidence = fmt::format("y is {}, where beta is 1, -4", listed(*got));
  conclude(line, fitting(hypotheses, *got, rounding_of(*form)));
}

constexpr Experiment kExperiments[] = {
    {"momentum_side", "weight of the new in an average is", momentum_side},
    {"cumulative_average", "where momentum is null it is", cumulative_average},
    {"running_variance", "variance that enters running_var", running_variance},
    {"single_value", "running_var after one value", single_value},
    {"single_value_y", "y of one value a channel", single_value_y},
};

}  // namespace

std::span<const Experiment> running_experiments() { return kExperiments; }

}  // namespace exactbn
