// SPDX-License-Identifier: Apache-2.0
#include "oracles/defects/truth.h"

#include <algorithm>
#include <cmath>

#include "oracles/defects/model.h"
#include "oracles/judge/domain.h"

namespace exactbn {

namespace {

// Condition numbers and the right answer are rounded to 64 bits and come from
// sums that lose a few bits. Exact integers decide values that are nearer to a
// limit than this.
constexpr Wide kTruthSlack = 0x1p-10L;

OutputTensors right_answer(const Problem& problem, RunningVariance divisor) {
  Memory none;
  return answer_of({}, problem, Order::forward, none, divisor);
}

}  // namespace

Truth::Truth(const Case& c, const Declaration& declaration, Grade required)
    : c_(c),
      declaration_(declaration),
      required_(required),
      view_(c.problem.view()),
      right_(right_answer(c.problem, declaration.running_variance)) {}

bool Truth::is_compared(Output output) const {
  return offers(declaration_, c_.problem.operation, output);
}

Judge& Truth::judge() {
  if (!judge_) judge_.emplace(c_.problem, declaration_);
  return *judge_;
}

const Truth::Limits& Truth::limits_of(Output output) {
  const auto known = limits_.find(output);
  if (known != limits_.end()) return known->second;
  Limits limits;
  const Judge& j = judge();
  for (std::int64_t c = 0; c < view_.channels; ++c) {
    limits.bounded.push_back(j.is_bounded(output, c) ? 1 : 0);
  }
  const double eta = j.limit(output, required_);
  const bool of_channel = !shaped_like_x(output);
  const std::int64_t n = right_.find(output)->second.size();
  limits.tolerance.resize(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t c = of_channel ? i : view_.channel(i);
    if (!j.exact().is_number(c)) continue;
    limits.tolerance[static_cast<std::size_t>(i)] =
        eta * j.tolerance_unit(output, i, eta);
  }
  return limits_.emplace(output, std::move(limits)).first->second;
}

Wide Truth::tolerance(Output output, std::int64_t i) {
  return limits_of(output).tolerance[static_cast<std::size_t>(i)];
}

bool Truth::is_extreme() {
  for (const auto& [name, tensor] : right_) {
    for (std::int64_t c = 0; c < view_.channels; ++c) {
      if (is_extreme(name, c)) return true;
    }
  }
  return false;
}

bool Truth::is_extreme(Output output, std::int64_t channel) {
  const auto [known, is_new] =
      extreme_.emplace(std::pair(output, channel), false);
  if (is_new) known->second = !why_extreme(judge(), output, channel).empty();
  return known->second;
}

bool Truth::fails(Output output, std::int64_t i, std::uint64_t bits,
                  DType dtype) {
  if (!is_wrong(output, i, bits, dtype)) return false;
  const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
  return declaration_.domain == Domain::all || !is_extreme(output, c);
}

bool Truth::is_wrong(Output output, std::int64_t i, std::uint64_t bits,
                     DType dtype) {
  const Tensor& right = right_.find(output)->second;
  const bool alike = dtype == right.dtype();
  // Values that the subject's conventions decide differ from the models'.
  const bool compared = is_compared(output);
  if (compared && alike && same_value(bits, right.bits(i), dtype)) return false;
  const Limits& limits = limits_of(output);
  const Judge& j = judge();
  const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
  if (compared && limits.bounded[static_cast<std::size_t>(c)] != 0 &&
      right.finite(i) && is_finite(bits, dtype)) {
    const double value = right.value(i);
    const Wide error = std::fabs(Wide{to_double(bits, dtype)} - value);
    const Wide off = ulp_of(value, right.dtype()) / 2;
    const Wide ulp = ulp_of(value, dtype);
    const Wide tolerance = limits.tolerance[static_cast<std::size_t>(i)];
    // The exact value may lie one binade lower.
    if (error + off < ulp / 4 + tolerance * (1 - kTruthSlack)) return false;
    // A subnormal that is flushed is excused for more than half an ulp.
    const bool kept = j.keeps_subnormals() ||
                      std::fabs(value) >= std::ldexp(2.0, format(dtype).emin);
    if (kept && error - off > ulp + tolerance * (1 + kTruthSlack)) return true;
  }
  const Judgement judged = j(output, i, bits, dtype);
  return judged.decided && judged.grade > required_;
}

bool Truth::fails(const OutputTensors& answer) {
  return std::any_of(answer.begin(), answer.end(),
                     [this](const auto& output) { return fails(output); });
}

bool Truth::fails(const OutputTensors::value_type& output) {
  const auto& [name, tensor] = output;
  const auto right = right_.find(name);
  if (right == right_.end() || !is_compared(name)) return false;
  if (tensor == right->second) return false;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    if (fails(name, i, tensor.bits(i), tensor.dtype())) return true;
  }
  return false;
}

std::vector<std::int64_t> Truth::failing(Output output, const Tensor& got) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    if (fails(output, i, got.bits(i), got.dtype())) indices.push_back(i);
  }
  return indices;
}

Kill::Kill(const Case& c)
    : judge_(c.problem, declaration_),
      right_(right_answer(c.problem, declaration_.running_variance)) {}

bool Kill::operator()(const Answer& answer, Domain domain) const {
  for (const auto& [name, right] : right_) {
    const Tensor& got = answer.outputs.at(name);
    for (std::int64_t i = 0; i < got.size(); ++i) {
      if (got.bits(i) == right.bits(i)) continue;
      const Judgement j = judge_(name, i, got.bits(i), got.dtype());
      if (!j.decided || j.grade <= Grade::sequential) continue;
      const std::int64_t c =
          shaped_like_x(name) ? judge_.exact().problem().view().channel(i) : i;
      if (domain == Domain::all || why_extreme(judge_, name, c).empty()) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace exactbn
