// SPDX-License-Identifier: Apache-2.0
// The weights of the running statistics: which one is momentum.
#include <fmt/format.h>

#include <functional>

#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

// The weights of the old statistic and of the new one.
struct Weights {
  double of_old;
  double of_new;
};

// Measured with two channels: an old average of 16 and a batch of 0, and vice
// versa.
struct MeasuredWeights {
  std::optional<Weights> mean;
  std::optional<Weights> var;  // of the biased variance
  std::string refusal;
};

constexpr double kSize = 16;
constexpr std::size_t kMany = 64;

MeasuredWeights measure_weights(Interview& interview, const Encoding& encoding,
                                std::optional<double> momentum,
                                std::int64_t batches) {
  Question q;
  q.momentum = momentum;
  q.batches_tracked = batches;
  q.epsilon = 0x1p-10;  // negligible if it enters a running variance
  q.x = {std::vector<double>(kMany, 0), std::vector<double>(kMany, 12)};
  for (std::size_t k = 0; k < kMany; k += 2) q.x[1][k] = 20;
  q.running_mean = {kSize, 0};
  q.running_var = {kSize, 0};
  const Problem problem = problem_of(q, encoding);
  const Answer answer = interview.ask(problem);
  MeasuredWeights found;
  if (answer.kind != Answer::Kind::outputs) {
    found.refusal = refusal_text(answer);
  }
  if (const auto r = values_of(problem, answer, Output::running_mean)) {
    found.mean = {(*r)[0] / kSize, (*r)[1] / kSize};
  }
  if (const auto r = values_of(problem, answer, Output::running_var)) {
    found.var = {(*r)[0] / kSize, (*r)[1] / kSize};
  }
  return found;
}

// A rule and the weights that it gives for a momentum, or for a number of
// batches if the average is cumulative.
struct Rule {
  std::string name;
  std::function<Weights(double weight)> at;
};

// The same weights for every momentum.
Rule always(const char* name, double of_new) {
  return {name, [of_new](double) { return Weights{1 - of_new, of_new}; }};
}

const Rule kReplaces = always("1: it replaces the old", 1);
const Rule kKeeps = always("0: it is never updated", 0);

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
      kReplaces,
      kKeeps,
      {"momentum, but the old keeps weight 1",
       [](double p) {
         return Weights{1, p};
       }},
      {"momentum, twice",
       [](double p) {
         return Weights{(1 - p) * (1 - p), 1 - (1 - p) * (1 - p)};
       }},
      always("always 0.1", 0.1),
      always("always 0.01", 0.01),
      always("always 0.9", 0.9),
      always("always 0.99", 0.99),
  };
  return rules;
}

const std::vector<Rule>& cumulative_rules() {
  static const std::vector<Rule> rules = {
      {"1 / (batches_tracked + 1)",
       [](double n) {
         return Weights{n / (n + 1), 1 / (n + 1)};
       }},
      {"batches_tracked / (batches_tracked + 1)",
       [](double n) {
         return Weights{1 / (n + 1), n / (n + 1)};
       }},
      {"1 / batches_tracked",
       [](double n) {
         return Weights{1 - 1 / n, 1 / n};
       }},
      always("0.1", 0.1),
      always("0.01", 0.01),
      kReplaces,
      kKeeps,
  };
  return rules;
}

using Seen = std::vector<std::pair<double, Weights>>;  // by requested momentum

enum class Average : std::uint8_t { mean, var };

// The divisor of the variance is tested elsewhere: here only whether the new
// one has any weight.
std::vector<double> traits(const Weights& w, Average average) {
  if (average == Average::mean) return {w.of_old, w.of_new};
  return {w.of_old, w.of_new == 0 ? 0.0 : 1.0};
}

std::string rule_of(const std::vector<Rule>& rules, const Seen& seen,
                    Average average, double tolerance) {
  if (seen.empty()) return {};
  std::vector<double> got;
  for (const auto& [asked, weights] : seen) {
    for (const double t : traits(weights, average)) got.push_back(t);
  }
  std::vector<Hypothesis> hypotheses;
  for (const Rule& rule : rules) {
    Hypothesis h{rule.name, {}};
    for (const auto& [asked, weights] : seen) {
      for (const double t : traits(rule.at(asked), average)) {
        h.values.push_back(t);
      }
    }
    hypotheses.push_back(std::move(h));
  }
  return fitting(hypotheses, got, tolerance);
}

// The same, but momentum 0 and 1 may be treated as absent.
std::string rule_but_for_ends(const Seen& seen, Average average,
                              double tolerance) {
  std::string all = rule_of(momentum_rules(), seen, average, tolerance);
  if (all != kSomethingElse) return all;
  Seen inner;
  for (const auto& entry : seen) {
    if (entry.first > 0 && entry.first < 1) inner.push_back(entry);
  }
  const std::string most = rule_of(momentum_rules(), inner, average, tolerance);
  if (inner.empty() || most == kSomethingElse) return all;
  std::string text = most;
  for (const auto& entry : seen) {
    const std::string here =
        rule_of(momentum_rules(), {entry}, average, tolerance);
    if (here.find(most) != std::string::npos) continue;
    text += fmt::format(", but {:.4g} at momentum {:.4g}",
                        1 - entry.second.of_old, entry.first);
  }
  return text;
}

// Joins the rules of the two averages into one finding.
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

// The measured weights of both averages.
struct Averages {
  Seen mean;
  Seen var;

  void add(double asked, const MeasuredWeights& w) {
    if (w.mean) mean.emplace_back(asked, *w.mean);
    if (w.var) var.emplace_back(asked, *w.var);
  }
  bool none() const { return mean.empty() && var.empty(); }
  std::string text(const char* by) const {
    return fmt::format("weights of old and new by {}: ", by) +
           (mean.empty() ? text_of("running_var", var)
                         : text_of("running_mean", mean));
  }
};

void momentum_side(Interview& interview, CardLine& line) {
  const bool of_old =
      interview.declaration().momentum == Momentum::weight_of_old;
  line.declared = of_old ? "1 - momentum" : "momentum";
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  Averages seen;
  std::string refusal;
  // Some subjects treat 0 and 1 as absent.
  for (const double momentum : {0.25, 0.125, 0.0, 1.0}) {
    // The subject is sent `momentum`, whichever statistic it multiplies.
    const MeasuredWeights w = measure_weights(
        interview, *encoding, of_old ? 1 - momentum : momentum, 0);
    seen.add(momentum, w);
    if (!w.refusal.empty()) {
      refusal = fmt::format("; {:.4g} is {}", momentum, w.refusal);
    }
  }
  if (seen.none()) {
    line.evidence = "it gives no running statistics" + refusal;
    return conclude(line, kNotOffered);
  }
  line.evidence = seen.text("momentum") + refusal;
  const double tolerance = rounding_of(*encoding);
  conclude(line, both(rule_but_for_ends(seen.mean, Average::mean, tolerance),
                      rule_but_for_ends(seen.var, Average::var, tolerance)));
}

void cumulative_average(Interview& interview, CardLine& line) {
  line.declared = "1 / (batches_tracked + 1)";
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  Averages seen;
  std::string refusal;
  for (const int batches : {3, 7}) {
    const MeasuredWeights w =
        measure_weights(interview, *encoding, std::nullopt, batches);
    seen.add(batches, w);
    if (!w.refusal.empty()) refusal = w.refusal;
  }
  if (seen.none()) {
    line.evidence =
        refusal.empty() ? "it gives no running statistics" : refusal;
    return conclude(line, kNotOffered);
  }
  line.evidence = seen.text("batches_tracked");
  const double tolerance = rounding_of(*encoding);
  const auto& rules = cumulative_rules();
  conclude(line, both(rule_of(rules, seen.mean, Average::mean, tolerance),
                      rule_of(rules, seen.var, Average::var, tolerance)));
}

constexpr Experiment kMomentumExperiments[] = {
    {"momentum_side", "weight of the new statistic is", momentum_side, true},
    {"cumulative_average", "with null momentum it is", cumulative_average,
     true},
};

}  // namespace

std::span<const Experiment> momentum_experiments() {
  return kMomentumExperiments;
}

}  // namespace exactbn::probing
