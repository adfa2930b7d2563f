// SPDX-License-Identifier: Apache-2.0
#include "properties/survey/sure_verdict.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "oracles/check/output_verdict.h"
#include "oracles/output_format.h"
#include "properties/number/ball.h"
#include "properties/survey/sure_edge.h"
#include "reference/textbook/outputs.h"
#include "reference/ulp.h"

namespace exactbn {

namespace {

constexpr Wide kSure = 1 - 0x1p-40L;

// At most the ulp of every number in the ball.
Wide least_ulp(const Ball& right, const Format& f) {
  // Reduced by kSure, so that rounding to double does not increase it.
  const auto least =
      static_cast<double>(kSure * (std::fabs(right.mid) - right.radius));
  const double size = std::max(least, 0.0);
  return power_of_two(ulp_exponent_of(size, f));
}

// Checks one output.
class OutputCheck {
 public:
  OutputCheck(const Observation& observation, const Declaration& declaration,
              Output name, const Tensor& got, Grade required)
      : observation_(observation),
        declaration_(declaration),
        name_(name),
        got_(got),
        required_(required),
        format_(format(got.dtype())),
        beyond_(to_double(format_.overflow() - 1, got.dtype())) {
    beyond_ += std::ldexp(Wide{1}, format_.emax - format_.precision);
  }

  // The worst verdict of all values; nothing if one fails or many are open.
  std::optional<Verdict> verdict(std::span<const Ball> right) {
    constexpr int kMost = 256;  // with more, the oracle is faster
    const bool like_x = shaped_like_x(name_);
    const ChannelView& view = observation_.view();
    std::size_t at = 0;
    int open = 0;
    Verdict worst = Verdict::passed;
    for (std::int64_t c = 0; c < view.channels; ++c) {
      const auto check_value = [&](std::int64_t i) {
        const Ball& ball = right[at++];
        if (is_near(ball, i, 0) || open > kMost || worst == Verdict::failed) {
          return;
        }
        const auto verdict = sure(ball, c, i);
        if (!verdict && ++open > kMost) return;
        worst = std::max(worst, verdict ? *verdict : judged(i));
      };
      if (like_x) {
        view.each_offset(c, check_value);
      } else {
        check_value(c);
      }
      if (open > kMost || worst == Verdict::failed) return std::nullopt;
    }
    return worst;
  }

 private:
  // The verdict on a value that may not be faithful; nothing if only the judge
  // can tell.
  std::optional<Verdict> sure(const Ball& right, std::int64_t c,
                              std::int64_t i) const {
    const std::uint64_t got = got_.bits(i);
    const DType dtype = got_.dtype();
    if (!is_finite(got, dtype)) {
      const bool passes = is_beyond(right, got) ||
                          surely_passes_as_nonfinite(observation_, declaration_,
                                                     name_, c, i, got, dtype);
      return passes ? std::optional(Verdict::passed) : std::nullopt;
    }
    if (required_ < Grade::stable || !right.is_bounded()) return std::nullopt;
    const ChannelEstimate& e = observation_.estimate(c);
    if (!e.is_number) return std::nullopt;
    const Bound bound = is_bounded_through_w(observation_.problem(), name_)
                            ? e.through_w
                            : Bound::holds;
    if (bound == Bound::holds) {
      const Wide least = observation_.least_tolerance(name_, i);
      if (least > 0 && is_near(right, i, least)) return Verdict::passed;
    }
    // A value that is not faithful and has no bound is undecided.
    if (bound == Bound::is_void && is_far(right, i)) return Verdict::undecided;
    return std::nullopt;
  }

  Verdict judged(std::int64_t i) const {
    const std::uint64_t got = got_.bits(i);
    const DType dtype = got_.dtype();
    const Judge& judge = observation_.judge();
    // Most are correctly rounded and need no judgement.
    const Exact right = judge.exact().at(exact_name(declaration_, name_), i);
    if (right.kind == Exact::Kind::number &&
        round_to(right.value, dtype) == got) {
      return Verdict::passed;
    }
    return verdict_of(judge(name_, i, got, dtype), required_);
  }

  // Whether the exact value surely overflows, as this one did.
  bool is_beyond(const Ball& right, std::uint64_t got) const {
    if (!right.is_bounded() ||
        !(kSure * (std::fabs(right.mid) - right.radius) >= beyond_)) {
      return false;
    }
    // In formats without infinities NaN stands for both.
    const DType dtype = got_.dtype();
    return !format_.infinities || (is_infinite(got, dtype) &&
                                   is_negative(got, dtype) == (right.mid < 0));
  }

  bool is_near(const Ball& right, std::int64_t i, Wide tolerance) const {
    // Beyond the range an infinity is right. The comparison is false for NaN.
    if (!got_.finite(i) ||
        !(std::fabs(right.mid) + right.radius < kSure * beyond_)) {
      return false;
    }
    const Wide off =
        std::fabs(static_cast<Wide>(got_.value(i)) - right.mid) + right.radius;
    const Wide ulp = least_ulp(right, format_);
    const Wide excused = tolerance > 0 ? ulp / 2 + tolerance : ulp;
    return off < kSure * excused;
  }

  // Whether a finite value is surely off by more than an ulp.
  bool is_far(const Ball& right, std::int64_t i) const {
    const Wide most = std::fabs(right.mid) + right.radius;
    if (!(most < kSure * beyond_)) return false;
    const Wide off =
        std::fabs(static_cast<Wide>(got_.value(i)) - right.mid) - right.radius;
    // At least the ulp of every number in the ball.
    const Wide ulp = std::ldexp(most, 1 - format_.precision) +
                     power_of_two(format_.quantum());
    return kSure * off > ulp;
  }

  const Observation& observation_;
  const Declaration& declaration_;
  Output name_;
  const Tensor& got_;
  Grade required_;
  Format format_;
  Wide beyond_;  // half an ulp above the largest number: rounds to infinity
};

}  // namespace

std::optional<Verdict> sure_verdict(const Observation& observation,
                                    const Declaration& declaration,
                                    Grade required) {
  const Answer& answer = observation.answer();
  const Problem& problem = observation.problem();
  if (answer.kind != Answer::Kind::outputs || required < Grade::faithful) {
    return std::nullopt;
  }
  if (!why_wrong_format(declaration, problem, answer.outputs).empty()) {
    return std::nullopt;
  }
  Textbook<Ball> right(problem);
  right.run();
  std::optional<Verdict> worst;
  for (const Output name : output_names(problem)) {
    if (!offers(declaration, problem.operation, name)) continue;
    const auto got = answer.outputs.find(name);
    if (got == answer.outputs.end()) return std::nullopt;
    OutputCheck check(observation, declaration, name, got->second, required);
    const auto verdict =
        check.verdict(right.output(exact_name(declaration, name)));
    if (!verdict) return std::nullopt;
    worst = std::max(worst.value_or(*verdict), *verdict);
  }
  return worst;
}

}  // namespace exactbn
