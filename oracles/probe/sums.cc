// SPDX-License-Identifier: Apache-2.0
// The precision of sums, and how the variance is computed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

// The subject's mean of each channel, or twice its running mean from 0 with
// momentum 1/2, which is the same on either side.
std::optional<std::vector<double>> means(const Problem& problem,
                                         const Answer& answer) {
  if (auto mean = values_of(problem, answer, Output::mean)) return mean;
  auto running = values_of(problem, answer, Output::running_mean);
  if (running) {
    for (double& value : *running) value *= 2;
  }
  return running;
}

Question sum_question(Operation operation, ChannelValues columns) {
  Question q;
  q.operation = operation;
  q.momentum = 0.5;
  if (operation == Operation::forward_training) {
    q.x = std::move(columns);
  } else {
    q.x = columns;
    for (auto& column : q.x) {
      for (std::size_t k = 0; k < column.size(); ++k) {
        column[k] = static_cast<double>(k % 3);
      }
    }
    q.dy = std::move(columns);
  }
  return q;
}

// 2^k, -2^k and six times 1, whose sum is 6: if 1 is lost beside 2^k, sums have
// at most k digits. The two are placed so that no order of summation, tree or
// lanes, keeps 1 in every placement.
struct Digits {
  std::optional<double> seen;  // unset: no sum was wrong
  int lost = 0;                // the least k of a wrong sum
  int asked = 0;               // the largest k asked
};

std::optional<Digits> digits(Interview& interview, Operation operation,
                             const Encoding& encoding) {
  constexpr std::size_t m = 8;
  constexpr std::array<std::pair<std::size_t, std::size_t>, 8> kPlaces = {
      {{0, 7}, {0, 4}, {0, 1}, {1, 2}, {3, 6}, {7, 0}, {4, 0}, {2, 5}}};
  Digits result;
  result.asked = std::min(60, format(encoding.dtype).emax);
  ChannelValues columns;
  for (int k = 2; k <= result.asked; ++k) {
    const double big = std::ldexp(1.0, k);
    for (const auto& [plus, minus] : kPlaces) {
      columns.emplace_back(m, 1.0);
      columns.back()[plus] = big;
      columns.back()[minus] = -big;
    }
  }
  const Problem problem =
      problem_of(sum_question(operation, columns), encoding);
  const Answer answer = interview.ask(problem);
  const bool forward = operation == Operation::forward_training;
  const auto got = forward ? means(problem, answer)
                           : values_of(problem, answer, Output::dbeta);
  if (!got) return std::nullopt;
  const double times = forward ? static_cast<double>(m) : 1;
  for (std::size_t c = 0; c < got->size(); ++c) {
    const double error = std::fabs(times * (*got)[c] - 6);
    if (error < 6 * 0x1p-5) continue;  // rounding to f16 or bf16
    const int k = 2 + static_cast<int>(c / kPlaces.size());
    if (!result.seen) result.lost = k;
    // log2 of the largest number of the channel over the error of its sum.
    const double p = std::isnan(error) ? 0 : k - std::log2(error);
    result.seen = std::min(result.seen.value_or(p), p);
  }
  return result;
}

// The finding if x holds no number large enough to decide.
constexpr const char* kOpen = "f32 or wider";

// A sum of p digits loses between 1 and 6, so log2 is at most 2.6 below p; if
// it divides on the way (Welford), a little more.
std::string accumulator(const Digits& digits) {
  if (!digits.seen) {
    return digits.asked < 24 ? kOpen : "wider than f64";
  }
  const double seen = *digits.seen;
  // The sums are wrong for a reason other than their digits.
  if (seen < 4) return std::string(kCannotTell);
  struct Class {
    const char* name;
    double digits;
  };
  for (const auto& [name, p] :
       {Class{"bf16", 8}, Class{"f16", 11}, Class{"f32", 24},
        Class{"two floats", 48}, Class{"f64", 53}}) {
    if (seen > p - 3.6 && seen < p + 0.1) return name;
  }
  return fmt::format("about {:.0f} digits", seen);
}

int rank_of(const std::string& word) {
  const std::array<std::string, 6> order = {"bf16", "f16",        "f32",
                                            kOpen,  "two floats", "f64"};
  const auto place = std::find(order.begin(), order.end(), word);
  return static_cast<int>(place - order.begin());  // "wider than f64" is last
}

// This encoding, and two of rank 4: frameworks have separate kernels for them.
std::vector<Encoding> encodings_like(const Encoding& encoding) {
  std::vector<Encoding> encodings = {encoding, encoding, encoding};
  for (std::size_t i = 1; i < encodings.size(); ++i) {
    encodings[i].rank = 4;
    encodings[i].axis = i == 1 ? 1 : 3;
    encodings[i].spread = true;
  }
  return encodings;
}

void accumulation_of(Interview& interview, CardLine& line,
                     Operation operation) {
  const auto& declared = interview.declaration().accumulation;
  line.declared = declared ? std::string(format(*declared).name)
                           : "f32 or wider, f64 for f64";
  if (!interview.encoding(operation)) {
    return conclude_not_offered(interview, line, operation);
  }
  std::vector<Observation> seen;
  for (const DType dtype : kDTypes) {
    const Encoding* encoding = interview.encoding(operation, dtype);
    if (!encoding || format(dtype).width == 8) continue;
    const std::string name(format(dtype).name);
    std::string usual;
    for (const Encoding& as : encodings_like(*encoding)) {
      const auto found = digits(interview, operation, as);
      if (!found) continue;
      const std::string word = accumulator(*found);
      if (word == usual) continue;
      const bool first = usual.empty();
      if (first) usual = word;
      seen.push_back(
          {first ? name
                 : fmt::format("{} (rank {}, axis {})", name, as.rank, as.axis),
           word});
      line.evidence += fmt::format(
          "{}{}: 1 beside 2^k is {}", line.evidence.empty() ? "" : "; ",
          seen.back().where,
          found->seen ? fmt::format("lost from k = {} on", found->lost)
                      : fmt::format("kept up to k = {}", found->asked));
    }
  }
  if (seen.empty()) {
    line.evidence = operation == Operation::forward_training
                        ? "neither mean nor running_mean is given"
                        : "dbeta is not given";
    return conclude(line, kCannotTell);
  }
  // A short x that leaves the question open does not outweigh what others show.
  std::vector<Observation> sure;
  for (const Observation& s : conclusive(seen)) {
    if (s.what != kOpen) sure.push_back(s);
  }
  line.found = by_place(sure.empty() ? conclusive(seen) : sure);
  line.agrees = true;
  if (line.found == kCannotTell) return;
  for (const Observation& s : conclusive(seen)) {
    if (declared) {
      const int least = rank_of(line.declared);
      const bool open = s.what == kOpen && least >= rank_of("f32");
      if (s.what != line.declared && !open) line.agrees = false;
    } else if (rank_of(s.what) <
               rank_of(s.where.starts_with("f64") ? "f64" : "f32")) {
      line.agrees = false;
    }
  }
}

void accumulation(Interview& interview, CardLine& line) {
  accumulation_of(interview, line, Operation::forward_training);
}
void gradient_accumulation(Interview& interview, CardLine& line) {
  const auto operation = interview.first_of(
      {Operation::backward_training, Operation::backward_inference});
  accumulation_of(interview, line,
                  operation.value_or(Operation::backward_training));
}

// f32, or f64 without f32: shorter formats do not hold the numbers of these
// experiments. Null if neither is available; the line is then concluded.
const Encoding* precise_encoding(Interview& interview, CardLine& line) {
  const Encoding* encoding = interview.encoding(Operation::forward_training);
  if (!encoding) {
    conclude_not_offered(interview, line, Operation::forward_training);
    return nullptr;
  }
  for (const DType dtype : {DType::f64, DType::f32}) {
    if (const Encoding* f =
            interview.encoding(Operation::forward_training, dtype))
      encoding = f;
  }
  if (format(encoding->dtype).precision >= 24) return encoding;
  line.evidence = "x has neither f32 nor f64";
  conclude(line, kCannotTell);
  return nullptr;
}

// m times c = 1 + 2^-j: while a sum of p digits lies in the octave below m/L,
// where L is the number of partial sums, every addition drops a quarter of its
// last place for one of the j. All roundings go the same way, so the errors add
// up.
std::optional<double> error_of_equal_values(Interview& interview,
                                            const Encoding& encoding,
                                            int log_m) {
  const int p = format(encoding.dtype).precision;
  const auto m = std::size_t{1} << log_m;
  ChannelValues columns;
  std::vector<double> values;
  for (int octave = log_m; octave >= 3 && octave > log_m - 8; --octave) {
    values.push_back(1 + std::ldexp(1.0, octave - p - 2));
    columns.emplace_back(m, values.back());
  }
  const Problem problem =
      problem_of(sum_question(Operation::forward_training, columns), encoding);
  const auto got = means(problem, interview.ask(problem));
  if (!got) return std::nullopt;
  double worst = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    const double error = std::fabs((*got)[c] - values[c]);
    worst = std::max(worst, std::ldexp(error, p));
  }
  return worst;
}

void sum_growth(Interview& interview, CardLine& line) {
  const Encoding* encoding = precise_encoding(interview, line);
  if (!encoding) return;
  std::vector<std::string> errors;
  double first = 0;
  double last = 0;
  for (const int log_m : {8, 10, 12}) {
    const auto error = error_of_equal_values(interview, *encoding, log_m);
    if (!error) {
      line.evidence = "neither mean nor running_mean is given";
      return conclude(line, kCannotTell);
    }
    last = *error;
    if (errors.empty()) first = last;
    errors.push_back(fmt::format("{:.1f} u of 2^{}", last, log_m));
  }
  line.evidence = fmt::format("error of the mean of equal values ({}): {}",
                              to_string(*encoding), joined(errors));
  constexpr double kGrowth = 6;  // in u; pairwise sums stay far below
  if (last < kGrowth) return conclude(line, "does not grow");
  if (!(last > 4 * first)) return conclude(line, kCannotTell);
  // A single sequential sum has an error of 3/16 m u.
  const double sums = std::max(1.0, 0x1p12 * 3 / 16 / last);
  line.evidence +=
      sums < 1.5 ? ", like one sum"
                 : fmt::format(", like some {:.0f} sums side by side", sums);
  conclude(line, "grows with m");
}

// The subject's variance of each channel, given the exact `var`; from the
// running variance, with whichever divisor comes nearer.
std::optional<std::vector<double>> variances(const Problem& problem,
                                             const Answer& answer, double var) {
  if (auto given = values_of(problem, answer, Output::var)) return given;
  if (auto invstd = values_of(problem, answer, Output::invstd)) {
    for (double& s : *invstd) s = 1 / (s * s) - problem.epsilon;
    return invstd;
  }
  auto running = values_of(problem, answer, Output::running_var);
  if (!running) return running;
  const auto m = static_cast<double>(problem.view().count());
  for (double& v : *running) {
    v *= 2;
    const double unbiased = v * (m - 1) / m;
    if (std::fabs(unbiased - var) < std::fabs(v - var)) v = unbiased;
  }
  return running;
}

void variance_algorithm(Interview& interview, CardLine& line) {
  const Encoding* encoding = precise_encoding(interview, line);
  if (!encoding) return;
  // Deviations of sum 0 about 2^k, so that every sum of x and the mean are
  // exact even in f32; the squares of x and the mean of 12 of them are not.
  constexpr std::array kDeviations = {1.0, -1.0, 2.0, -2.0, 1.0, -1.0,
                                      3.0, -3.0, 1.0, -1.0, 2.0, -2.0};
  constexpr double kVar = 40.0 / 12;
  constexpr std::array kShifts = {8, 12, 16, 20};
  ChannelValues columns;
  for (const int k : kShifts) {
    columns.emplace_back(kDeviations.begin(), kDeviations.end());
    for (double& x : columns.back()) x += std::ldexp(1.0, k);
  }
  Question q = sum_question(Operation::forward_training, columns);
  q.epsilon = 0x1p-10;
  q.running_var.assign(columns.size(), 0);
  const Problem problem = problem_of(q, *encoding);
  const auto got = variances(problem, interview.ask(problem), kVar);
  if (!got) {
    line.evidence = "neither var, invstd nor running_var is given";
    return conclude(line, kCannotTell);
  }
  std::array<double, kShifts.size()> error{};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < error.size(); ++i) {
    const double e = std::fabs((*got)[i] / kVar - 1);
    error[i] = std::isnan(e) ? HUGE_VAL : e;
    texts.push_back(fmt::format("{:.1e} at 2^{}", error[i], kShifts[i]));
  }
  line.evidence = fmt::format("error of the variance by the mean ({}): {}",
                              to_string(*encoding), joined(texts));
  // One pass in p digits loses (mean / deviation)^2 2^-p, a running mean of p
  // digits (Welford) mean / deviation 2^-p, a second pass nothing here.
  if (*std::max_element(error.begin(), error.end()) < 0x1p-19) {
    return conclude(line, "in two passes, or as accurately");
  }
  // If the error does not grow, it has another cause.
  if (error[0] > 0x1p-4 || !(error[2] > 16 * error[0] || error[3] > 0x1p-18)) {
    return conclude(line, kCannotTell);
  }
  if (error[1] > 0x1p-7) return conclude(line, "in one pass, in f32");
  if (error[1] > 0x1p-19) return conclude(line, "by a running mean in f32");
  conclude(line, "in one pass, in f64");
}

constexpr Experiment kSumsExperiments[] = {
    {"accumulation", "sums of x are in", accumulation},
    {"gradient_accumulation", "sums of dy are in", gradient_accumulation},
    {"sum_growth", "the error of a sum", sum_growth},
    {"variance_algorithm", "the variance is computed", variance_algorithm},
};

}  // namespace

std::span<const Experiment> sums_experiments() { return kSumsExperiments; }

}  // namespace exactbn::probing
