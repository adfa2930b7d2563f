// SPDX-License-Identifier: Apache-2.0
// The batch statistics: which variance normalizes, what is saved, and what
// training depends on.
#include <fmt/format.h>

#include <cmath>

#include "oracles/format_names.h"
#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

// Two channels with means 3 and -1 and variances 4 and 9.
ChannelValues two_channels() {
  return {{1, 5, 5, 1, 1, 5, 1, 5}, {2, -4, -4, 2, -4, 2, 2, -4}};
}

void batch_variance(Interview& interview, CardLine& line) {
  line.declared = "biased";
  const auto operation = interview.first_of(
      {Operation::forward_training, Operation::backward_training,
       Operation::jvp_training, Operation::double_backward_training});
  if (!operation)
    return conclude_not_offered(interview, line, Operation::forward_training);
  const Encoding& encoding = *interview.encoding(*operation);
  Question q;
  q.operation = *operation;
  q.x = two_channels();
  q.x.resize(1);
  q.epsilon = 0x1p-20;  // negligible beside the variance, wherever it is added
  q.running_mean = {3};
  q.running_var = {25};
  const Problem problem = problem_of(q, encoding);
  const Answer answer = interview.ask(problem);
  const auto output = principal_output(problem, answer);
  if (!output) {
    line.evidence = refusal_text(answer);
    return conclude(line, kCannotTell);
  }
  const auto got = *values_of(problem, answer, *output);
  // Another variance acts like a correspondingly larger epsilon.
  const double v = 4;
  const double m = static_cast<double>(q.x.front().size());
  std::vector<Hypothesis> hypotheses;
  const auto add = [&](const char* name, double variance) {
    Problem as = problem;
    as.epsilon += variance - v;
    hypotheses.push_back({name, exact_values(as, *output)});
  };
  add("biased", v);
  add("unbiased", v * m / (m - 1));
  add("the mean of x^2", v + 9);
  add("running_var", 25);
  add("the variance squared", v * v);
  line.evidence = fmt::format("{} of {} is {}", *output, to_string(*operation),
                              compared(hypotheses, got));
  conclude(line, fitting(hypotheses, got, rounding_of(encoding)));
}

// What an output of the forward pass holds, for channels of mean 3 and -1.
void saved(Interview& interview, CardLine& line, Output output,
           std::vector<Hypothesis> hypotheses) {
  line.declared = hypotheses.front().name;
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  Question q;
  q.operation = Operation::forward_training;
  q.x = two_channels();
  q.epsilon = 1;
  q.running_mean = {7, 5};
  q.running_var = {49, 81};
  const Problem problem = problem_of(q, *encoding);
  const Answer answer = interview.ask(problem);
  const auto got = values_of(problem, answer, output);
  if (!got) {
    line.evidence = fmt::format("forward_training gives no {}", output);
    return conclude(line, kNotOffered);
  }
  line.evidence = fmt::format("{} is {}", output, compared(hypotheses, *got));
  conclude(line, fitting(hypotheses, *got, rounding_of(*encoding)));
}

// f(variance) for the two channels.
template <class F>
std::vector<double> of_variance(const F& f) {
  return {f(4.0), f(9.0)};
}
constexpr double kUnbiased = 8.0 / 7;

void saved_mean(Interview& interview, CardLine& line) {
  saved(interview, line, Output::mean,
        {{"the batch's", {3, -1}},
         {"the new running_mean", {6, 3.5}},
         {"the old running_mean", {7, 5}},
         {"over m - 1", {3 * kUnbiased, -kUnbiased}}});
}

void saved_var(Interview& interview, CardLine& line) {
  saved(
      interview, line, Output::var,
      {{"biased", of_variance([](double v) { return v; })},
       {"unbiased", of_variance([](double v) { return v * kUnbiased; })},
       {"biased, plus epsilon", of_variance([](double v) { return v + 1; })},
       {"the deviation", of_variance([](double v) { return std::sqrt(v); })},
       {"the root of var + epsilon",
        of_variance([](double v) { return std::sqrt(v + 1); })},
       {"invstd", of_variance([](double v) { return 1 / std::sqrt(v + 1); })}});
}

void saved_invstd(Interview& interview, CardLine& line) {
  saved(interview, line, Output::invstd,
        {{"1 / sqrt(var + epsilon)",
          of_variance([](double v) { return 1 / std::sqrt(v + 1); })},
         {"1 / sqrt(unbiased var + epsilon)", of_variance([](double v) {
            return 1 / std::sqrt(v * kUnbiased + 1);
          })},
         {"1 / sqrt(var), without epsilon",
          of_variance([](double v) { return 1 / std::sqrt(v); })},
         {"1 / (sqrt(var) + epsilon)",
          of_variance([](double v) { return 1 / (std::sqrt(v) + 1); })},
         {"1 / (var + epsilon)",
          of_variance([](double v) { return 1 / (v + 1); })},
         {"var", of_variance([](double v) { return v; })},
         {"sqrt(var + epsilon)",
          of_variance([](double v) { return std::sqrt(v + 1); })}});
}

void training_reads(Interview& interview, CardLine& line) {
  line.declared = "no";
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  const auto normalized = [&](const Question& q) {
    const Problem problem = problem_of(q, *encoding);
    const Answer answer = interview.ask(problem);
    const auto y = values_of(problem, answer, Output::y);
    return y ? y : values_of(problem, answer, Output::invstd);
  };
  const Question plain = ordinary_question(Operation::forward_training);
  const auto first = normalized(plain);
  if (!first) {
    line.evidence = "it gives neither y nor invstd";
    return conclude(line, kNotOffered);
  }
  std::vector<std::string> on;
  std::vector<std::string> refused;
  const auto vary = [&](const char* what, const auto& change) {
    Question q = plain;
    change(q);
    const auto other = normalized(q);
    if (!other) {
      refused.emplace_back(what);
    } else if (*other != *first) {
      on.emplace_back(what);
    }
  };
  vary("momentum", [](Question& q) { q.momentum = 0.75; });
  vary("running_mean", [](Question& q) { q.running_mean = {-9, 3, 20}; });
  vary("running_var", [](Question& q) { q.running_var = {1, 100, 0.25}; });
  line.evidence =
      "y of the same x with another momentum, running_mean, running_var";
  if (!refused.empty()) line.evidence += "; refused: " + joined(refused);
  conclude(line, on.empty() ? "no" : joined(on));
}

constexpr Experiment kStatisticsExperiments[] = {
    {"batch_variance", "variance that normalizes", batch_variance, true},
    {"saved_mean", "mean is", saved_mean, true},
    {"saved_var", "var is", saved_var, true},
    {"saved_invstd", "invstd is", saved_invstd, true},
    {"training_reads", "training uses running statistics", training_reads,
     true},
};

}  // namespace

std::span<const Experiment> statistics_experiments() {
  return kStatisticsExperiments;
}

}  // namespace exactbn::probing
