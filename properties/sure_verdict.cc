// SPDX-License-Identifier: Apache-2.0
#include "properties/sure_verdict.h"

#include <cmath>

#include "oracles/output_verdict.h"
#include "properties/ball.h"
#include "reference/textbook_outputs.h"

namespace exactbn {

namespace {

constexpr Wide kLess = 1 - 0x1p-40L;

// An ulp of every number of the ball, at most.
Wide least_ulp(const Ball& right, DType dtype) {
  const Format f = format(dtype);
  const Wide least = kLess * (std::fabs(right.mid) - right.radius);
  const int top =
      least > 0 ? std::max(std::ilogb(least), f.quantum()) : f.quantum();
  return std::ldexp(Wide{1}, static_cast<int>(ulp_exponent(top, dtype)));
}

// One output.
class OutputCheck {
 public:
  OutputCheck(const Asked& asked, std::string_view name, const Tensor& got,
              Grade required)
      : asked_(asked),
        name_(name),
        got_(got),
        required_(required),
        most_(to_double(format(got.dtype()).overflow() - 1, got.dtype())) {}

  // The verdict on the worst value; nothing where one fails, or many are open.
  std::optional<Verdict> verdict(const Matrix<Ball>& right) {
    constexpr int kMost = 256;  // from there on the oracle is faster
    const bool like_x = shaped_like_x(name_);
    const ChannelView& view = asked_.view();
    int open = 0;
    Verdict worst = Verdict::passed;
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < (like_x ? view.count() : 1); ++k) {
        const std::int64_t i = like_x ? view.offset(c, k) : c;
        const Ball& ball = right(like_x ? k : 0, c);
        if (is_near(ball, i, 0)) continue;
        if (++open > kMost) return std::nullopt;
        if (is_excused(ball, i)) continue;
        const Judgement j =
            asked_.judge()(name_, i, got_.bits(i), got_.dtype());
        const Verdict verdict = verdict_of(j, required_);
        if (verdict == Verdict::failed) return std::nullopt;
        worst = std::max(worst, verdict);
      }
    }
    return worst;
  }

 private:
  bool is_excused(const Ball& right, std::int64_t i) const {
    if (required_ < Grade::stable || !right.is_bounded()) return false;
    const ChannelEstimate& e =
        asked_.estimate(shaped_like_x(name_) ? asked_.view().channel(i) : i);
    const bool holds = !is_bounded_through_w(asked_.problem(), name_) ||
                       e.through_w == Bound::holds;
    if (e.is_number && holds && !e.invstd.is_open()) {
      const Wide least = asked_.least_tolerance(name_, i);
      if (least > 0 && is_near(right, i, least)) return true;
    }
    const Wide tolerance = asked_.tolerance(name_, i);
    return tolerance > 0 && is_near(right, i, tolerance);
  }

  bool is_near(const Ball& right, std::int64_t i, Wide tolerance) const {
    // Beyond the range an infinity is right. NaN is nowhere below.
    if (!got_.finite(i) || !(std::fabs(right.mid) + right.radius < most_)) {
      return false;
    }
    const Wide off =
        std::fabs(static_cast<Wide>(got_.value(i)) - right.mid) + right.radius;
    const Wide ulp = least_ulp(right, got_.dtype());
    const Wide excused = tolerance > 0 ? ulp / 2 + tolerance : ulp;
    return off < kLess * excused;
  }

  const Asked& asked_;
  std::string_view name_;
  const Tensor& got_;
  Grade required_;
  Wide most_;
};

}  // namespace

std::optional<Verdict> sure_verdict(const Asked& asked,
                                    const Declaration& declaration,
                                    Grade required) {
  const Answer& answer = asked.answer();
  const Problem& problem = asked.problem();
  if (answer.kind != Answer::Kind::outputs || required < Grade::faithful) {
    return std::nullopt;
  }
  const Outputs<Ball> right = Textbook<Ball>(problem).outputs();
  std::optional<Verdict> worst;
  for (const std::string_view name : output_names(problem)) {
    if (!offers(declaration, problem.operation, name)) continue;
    const auto got = answer.outputs.find(name);
    if (got == answer.outputs.end()) return std::nullopt;
    const bool biased = name == "running_var" &&
                        declaration.running_variance == RunningVariance::biased;
    const Matrix<Ball>& ball =
        right.at(biased ? std::string_view("running_var_biased") : name);
    OutputCheck check(asked, name, got->second, required);
    const auto verdict = check.verdict(ball);
    if (!verdict) return std::nullopt;
    worst = std::max(worst.value_or(*verdict), *verdict);
  }
  return worst;
}

}  // namespace exactbn
