// SPDX-License-Identifier: Apache-2.0
// What enters the running variance, and what one value per channel does.
#include <fmt/format.h>

#include <cmath>

#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

void running_variance(Interview& interview, CardLine& line) {
  const bool unbiased =
      interview.declaration().running_variance == RunningVariance::unbiased;
  line.declared = unbiased ? "unbiased" : "biased";
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  Question q;
  q.operation = Operation::forward_training;
  q.x = {{-1, 1, 3, 5}, {2, -4, 6, -8}};
  q.momentum = 0.5;  // the same on either side
  q.running_var = {8, 8};
  // Channels of two samples by two places, if that can be asked: some subjects
  // confuse the two counts.
  Encoding spread = *encoding;
  spread.rank = 4;
  spread.axis = encoding->axis == 1 ? 1 : spread.rank - 1;
  spread.spread = true;
  Problem problem = problem_of(q, spread);
  Answer answer = interview.ask(problem);
  if (answer.kind != Answer::Kind::outputs) {
    problem = problem_of(q, *encoding);
    answer = interview.ask(problem);
  }
  const auto got = values_of(problem, answer, Output::running_var);
  if (!got) {
    line.evidence = answer.kind == Answer::Kind::outputs
                        ? "it gives no running_var"
                        : refusal_text(answer);
    return conclude(line, kNotOffered);
  }
  const double m = static_cast<double>(q.x.front().size());
  const std::vector<double> var = {5, 29};
  const std::vector<double> mean = {2, -1};
  std::vector<Hypothesis> hypotheses;
  const auto add = [&](const char* name, const auto& of) {
    for (const double weight : {0.5, 1.0}) {  // 1 replaces the old
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
  add("biased, times (m - 1) / m",
      [&](double v, double) { return v / factor; });
  add("biased, times N / (N - 1), N samples",
      [&](double v, double) { return v * 2; });
  add("the deviation", [&](double v, double) { return std::sqrt(v); });
  add("the unbiased deviation",
      [&](double v, double) { return std::sqrt(v * factor); });
  add("biased, plus epsilon", [&](double v, double) { return v + q.epsilon; });
  add("unbiased, plus epsilon",
      [&](double v, double) { return v * factor + q.epsilon; });
  add("the mean of x^2", [&](double v, double a) { return v + a * a; });
  line.evidence = "running_var " + compared(hypotheses, *got);
  conclude(line, fitting(hypotheses, *got, rounding_of(*encoding)));
}

Question single_question() {
  Question q;
  q.operation = Operation::forward_training;
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
    line.declared = "takes 0";  // the biased variance of one value is 0
  } else {
    line.declared =
        declaration.single_value == SingleValue::nan ? "nan" : "keep";
  }
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  const Problem problem = problem_of(single_question(), *encoding);
  const Answer answer = interview.ask(problem);
  line.evidence = refusal_text(answer);
  if (answer.kind == Answer::Kind::rejected) return conclude(line, "reject");
  const auto got = values_of(problem, answer, Output::running_var);
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
  conclude(line, fitting(hypotheses, *got, rounding_of(*encoding)));
}

void single_value_y(Interview& interview, CardLine& line) {
  const bool rejects =
      interview.declaration().single_value == SingleValue::reject;
  line.declared = rejects ? "reject" : "beta";
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding)
    return conclude_not_offered(interview, line, Operation::forward_training);
  const Problem problem = problem_of(single_question(), *encoding);
  const Answer answer = interview.ask(problem);
  line.evidence = refusal_text(answer);
  if (answer.kind == Answer::Kind::rejected) return conclude(line, "reject");
  const auto got = values_of(problem, answer, Output::y);
  if (!got) {
    const bool error = answer.kind == Answer::Kind::error;
    return conclude(line, error ? "error" : std::string(kNotOffered));
  }
  const std::vector<Hypothesis> hypotheses = {
      {"beta", {1, -4}}, {"nan", {NAN, NAN}}, {"0", {0, 0}}, {"x", {3, -2}}};
  line.evidence = fmt::format("y is {}, where beta is 1, -4", listed(*got));
  conclude(line, fitting(hypotheses, *got, rounding_of(*encoding)));
}

constexpr Experiment kRunningExperiments[] = {
    {"running_variance", "variance that enters running_var", running_variance,
     true},
    {"single_value", "running_var after one value", single_value},
    {"single_value_y", "y of one value a channel", single_value_y},
};

}  // namespace

std::span<const Experiment> running_experiments() {
  return kRunningExperiments;
}

}  // namespace exactbn::probing
