// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "oracles/defects/truth.h"
#include "oracles/explain/listed.h"
#include "oracles/explain/pattern.h"
#include "oracles/explain/wrong_part.h"
#include "oracles/format_names.h"
#include "reference/exact/forward.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

bool failed(const OutputVerdict& out) { return out.verdict == Verdict::failed; }

std::string position(const Problem& problem, const OutputVerdict& out) {
  const Shape shape = shape_of(problem, out.output);
  Shape index(shape.size());
  std::int64_t rest = out.worst.index;
  for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
    index[axis] = rest % shape[axis];
  }
  return fmt::format("{}[{}]", out.output, fmt::join(index, ","));
}

// What was wrong before the value shown: another output, or a quantity that is
// not an output.
std::string first_wrong(const Case& c, const CaseVerdict& verdict,
                        const OutputVerdict& shown, const Answer* answer) {
  const auto first =
      std::find_if(verdict.outputs.begin(), verdict.outputs.end(), failed);
  if (answer && shaped_like_x(first->output)) {
    const auto got = answer->outputs.find(first->output);
    const std::int64_t channel = c.problem.view().channel(first->worst.index);
    std::string part;
    if (got != answer->outputs.end()) {
      part = wrong_part(c.problem, first->output, got->second, channel);
    }
    if (!part.empty()) return part;
  }
  if (first->output == shown.output) return {};
  const double ulp = first->worst.judgement.ulp;
  const std::string size =
      std::isfinite(ulp) ? fmt::format("{:+.3g} ulp", ulp) : "not a number";
  return fmt::format("{} is already wrong: {}", first->output, size);
}

std::string scope(const Problem& problem, const OutputVerdict& out) {
  std::vector<std::int64_t> wrong;
  std::vector<std::int64_t> clean;
  for (std::size_t c = 0; c < out.failed_in_channel.size(); ++c) {
    const bool bad = out.failed_in_channel[c] > 0;
    (bad ? wrong : clean).push_back(static_cast<std::int64_t>(c));
  }
  const bool of_channel = shape_of(problem, out.output).size() == 1;
  const auto values = static_cast<std::int64_t>(wrong.size()) *
                      (of_channel ? 1 : problem.view().count());
  std::string text = fmt::format("{} of {} values of {}", out.failed_values,
                                 values, listed("channel", wrong));
  if (!clean.empty()) text += "; " + listed("channel", clean) + " clean";
  return text;
}

// If the answer is in range but a sum or a square on the way is not, the
// subject is wrong; the report names that overflow.
std::string overflow(const Case& c, const Declaration& declaration,
                     const OutputVerdict& out) {
  const Problem& problem = c.problem;
  const DType working = working_format(problem, declaration);
  const bool of_channel = shape_of(problem, out.output).size() == 1;
  const std::int64_t channel =
      of_channel ? out.worst.index : problem.view().channel(out.worst.index);
  const Judgement& j = out.worst.judgement;
  if (!is_finite(j.want, out.dtype) || !normalizes_by_batch(problem.operation))
    return {};
  const ExactBatchNorm exact(problem);
  if (!exact.statistics_finite(channel)) return {};
  const Channel& ch = exact.channel(channel);
  const auto too_large = [&](const Surd& s) {
    return is_infinite(magnitude(round_to(s, working), working), working);
  };
  const std::string name(format(working).name);
  if (too_large({ch.sums.s1, 0, 1, 1})) {
    return fmt::format("the sum of x overflows {}", name);
  }
  if (too_large(variance(ch))) {
    return fmt::format("the variance overflows {}", name);
  }
  const Dyadic squares = ch.m * ch.sums.s2 - ch.sums.s1 * ch.sums.s1;
  if (too_large({squares, 0, 1, ch.m})) {
    return fmt::format("the sum of squared deviations overflows {}", name);
  }
  if (too_large({ch.sums.s2, 0, 1, 1})) {
    return fmt::format("the sum of x^2 overflows {}", name);
  }
  return {};
}

// Of more values it would take far longer than the check.
constexpr std::int64_t kMostSearched = std::int64_t{1} << 20;

// Finds the failing values again. Says nothing if their number differs from the
// verdict's.
std::string pattern_of(const Case& c, const Declaration& declaration,
                       const OutputVerdict& out, const Answer* answer,
                       Grade required) {
  if (!answer || required < Grade::stable) return {};
  const auto got = answer->outputs.find(out.output);
  if (got == answer->outputs.end()) return {};
  const std::int64_t size = got->second.size();
  if (size > kMostSearched || size == out.failed_values) return {};
  Truth truth(c, declaration, required);
  const auto failing = truth.failing(out.output, got->second);
  if (std::ssize(failing) != out.failed_values) return {};
  return pattern(c.problem, out.output, failing);
}

}  // namespace

const OutputVerdict* shown_output(const CaseVerdict& verdict) {
  const OutputVerdict* shown = nullptr;
  for (const OutputVerdict& out : verdict.outputs) {
    const bool main = shaped_like_x(out.output);
    if (failed(out) && (!shown || main)) shown = &out;
  }
  return shown;
}

bool is_unstable(const CaseVerdict& verdict) {
  return std::any_of(verdict.outputs.begin(), verdict.outputs.end(),
                     [](const OutputVerdict& out) {
                       return failed(out) && out.grade == Grade::unstable;
                     });
}

Explanation explain(const Case& c, const Declaration& declaration,
                    const CaseVerdict& verdict, const Answer* answer,
                    Grade required) {
  const StandardEnvironment environment;
  const OutputVerdict* shown = shown_output(verdict);
  if (!shown) return {};
  return {position(c.problem, *shown), first_wrong(c, verdict, *shown, answer),
          scope(c.problem, *shown),
          pattern_of(c, declaration, *shown, answer, required),
          overflow(c, declaration, *shown)};
}

}  // namespace exactbn
