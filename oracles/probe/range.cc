// SPDX-License-Identifier: Apache-2.0
// What NaN and infinities spoil, and whether subnormals are kept.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "oracles/format_names.h"
#include "oracles/probe/experiments.h"

namespace exactbn::probing {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// How far a NaN or infinity spreads in training.
void spoils(Interview& interview, CardLine& line, double value) {
  line.declared = "its channel";
  std::vector<Observation> seen;
  for (const Operation operation : kOperations) {
    if (!normalizes_by_batch(operation) || !interview.does(operation)) continue;
    const Encoding& encoding = *interview.encoding(operation);
    if (!format(encoding.dtype).infinities && std::isinf(value)) continue;
    Question q = ordinary_question(operation);
    const Problem clean = problem_of(q, encoding);
    const Answer clean_answer = interview.ask(clean);
    constexpr std::size_t kChannel = 1;
    q.x[kChannel][5] = value;
    const Problem problem = problem_of(q, encoding);
    const Answer answer = interview.ask(problem);
    const auto output = principal_output(problem, answer);
    const auto before =
        output ? values_of(clean, clean_answer, *output) : std::nullopt;
    if (!before) {
      line.evidence =
          fmt::format("{} is {}", to_string(operation), refusal_text(answer));
      continue;
    }
    const auto got = *values_of(problem, answer, *output);
    std::size_t here = 0;
    std::size_t elsewhere = 0;
    const std::size_t m = got.size() / q.x.size();
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (i / m == kChannel) {
        here += std::isnan(got[i]) ? 1 : 0;
      } else if (got[i] != (*before)[i]) {
        ++elsewhere;
      }
    }
    std::string what = "some of its channel";
    if (elsewhere > 0) {
      what =
          here + elsewhere == got.size() ? "the whole batch" : "other channels";
    } else if (here == m) {
      what = "its channel";
    } else if (here == 1) {
      what = "one value";
    } else if (here == 0) {
      what = "nothing";
    }
    seen.push_back({std::string(to_string(operation)), what});
    line.evidence += fmt::format(
        "{}{} of {}: {} of {} values of its channel are NaN, {} others changed",
        line.evidence.empty() ? "" : "; ", *output, to_string(operation), here,
        m, elsewhere);
  }
  if (seen.empty()) return conclude(line, kNotOffered);
  conclude(line, summary(seen));
}

void nan_in_x(Interview& interview, CardLine& line) {
  spoils(interview, line, NAN);
}
void infinity_in_x(Interview& interview, CardLine& line) {
  spoils(interview, line, kInf);
}

void nonfinite_frozen(Interview& interview, CardLine& line) {
  line.declared = "its own y";
  constexpr Operation kFrozen = Operation::forward_inference;
  const Encoding* encoding = interview.encoding(kFrozen);
  if (!encoding) return conclude_not_offered(interview, line, kFrozen);
  Question q = ordinary_question(kFrozen);
  const Problem clean = problem_of(q, *encoding);
  const Answer clean_answer = interview.ask(clean);
  q.x[1][5] = NAN;
  q.x[2][3] = format(encoding->dtype).infinities ? kInf : NAN;
  const Problem problem = problem_of(q, *encoding);
  const Answer answer = interview.ask(problem);
  const auto got = values_of(problem, answer, Output::y);
  const auto before = values_of(clean, clean_answer, Output::y);
  if (!got || !before) {
    line.evidence = refusal_text(answer);
    return conclude(line, kNotOffered);
  }
  const std::size_t m = q.x.front().size();
  const std::size_t of_nan = m + 5;
  const std::size_t of_inf = 2 * m + 3;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < got->size(); ++i) {
    const bool own = i == of_nan || i == of_inf;
    if (!own && (*got)[i] != (*before)[i]) ++changed;
  }
  const bool spoiled =
      std::isnan((*got)[of_nan]) && !std::isfinite((*got)[of_inf]);
  line.evidence = fmt::format(
      "y of a NaN is {:.6g}, of an infinity {:.6g}; {} others changed",
      (*got)[of_nan], (*got)[of_inf], changed);
  conclude(line, changed > 0 ? "others" : spoiled ? "its own y" : "nothing");
}

// Which operand of a multiplication is subnormal.
enum class End : std::uint8_t { input, result };

// "keep", "flush", or kCannotTell if even the formula differs; empty if the
// format has no encoding.
std::string subnormal_in(Interview& interview, Operation operation, DType dtype,
                         End end, std::string& evidence) {
  const Encoding* encoding = interview.encoding(operation, dtype);
  if (!encoding) return {};
  const Format f = format(dtype);
  const int shift = f.width == 8 ? 3 : 6;
  // Products of powers of 2 are exact. invstd is 1, wherever epsilon is added.
  const double x =
      std::ldexp(1.0, end == End::input ? f.emin - 1 : f.emin + shift - 1);
  const double gamma = std::ldexp(1.0, end == End::input ? shift : -shift);
  Question q;
  q.operation = operation;
  q.x = {{x, -x, -x, x}};
  q.gamma = {gamma};
  const bool frozen = operation == Operation::forward_inference;
  q.epsilon = frozen ? 0x1p-30 : 1;
  const Problem problem = problem_of(q, *encoding);
  const Answer answer = interview.ask(problem);
  const auto y = values_of(problem, answer, Output::y);
  if (!y) return {};
  evidence = fmt::format("{:.6g} becomes {:.6g} in {}, and is {:.6g}", x,
                         y->front(), f.name, x * gamma);
  if (distance(*y, exact_values(problem, Output::y)) <=
      rounding_of(*encoding)) {
    return "keep";
  }
  return y->front() == 0 ? "flush" : std::string(kCannotTell);
}

// The findings by format.
std::vector<Observation> subnormals_at(Interview& interview, End end,
                                       std::string& evidence) {
  std::vector<Observation> seen;
  const auto operation = interview.first_of(
      {Operation::forward_inference, Operation::forward_training});
  if (!operation) return seen;
  for (const DType dtype : kDTypes) {
    std::string text;
    std::string what = subnormal_in(interview, *operation, dtype, end, text);
    if (what.empty()) continue;
    if (seen.empty() || seen.back().what != what) evidence = text;
    seen.push_back({std::string(format(dtype).name), std::move(what)});
  }
  return conclusive(seen);
}

// A subject that declares `flush` may flush anywhere, and must flush somewhere.
void subnormals(Interview& interview, CardLine& line, End end) {
  const bool keeps = interview.declaration().subnormals == Subnormals::keep;
  line.declared = keeps ? "keep" : "flush";
  const auto here = subnormals_at(interview, end, line.evidence);
  if (here.empty()) {
    return conclude_not_offered(interview, line, Operation::forward_inference);
  }
  conclude(line, summary(here));
  if (keeps || line.found == kCannotTell) return;
  std::string none;
  const End other = end == End::input ? End::result : End::input;
  line.agrees = false;
  for (const auto& seen : {here, subnormals_at(interview, other, none)}) {
    for (const Observation& s : seen) {
      line.agrees = line.agrees || s.what == "flush";
    }
  }
}

void subnormal_inputs(Interview& interview, CardLine& line) {
  subnormals(interview, line, End::input);
}
void subnormal_outputs(Interview& interview, CardLine& line) {
  subnormals(interview, line, End::result);
}

constexpr Experiment kRangeExperiments[] = {
    {"nan_in_x", "NaN in x, in training, spoils", nan_in_x},
    {"infinity_in_x", "infinity in x, in training, spoils", infinity_in_x},
    {"nonfinite_frozen", "NaN or infinity, frozen, spoils", nonfinite_frozen},
    {"subnormal_inputs", "subnormal inputs", subnormal_inputs},
    {"subnormal_outputs", "subnormal results", subnormal_outputs},
};

}  // namespace

std::span<const Experiment> range_experiments() { return kRangeExperiments; }

}  // namespace exactbn::probing
