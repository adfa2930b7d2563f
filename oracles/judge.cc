// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/exact/backward.h"
#include "reference/exact/forward.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// The number to compare with an exact number. An infinity stands for the first
// number that is too large. So does NaN in a format without infinities; its
// sign is that of the exact value, because the sign of a NaN means nothing.
Dyadic comparable(std::uint64_t bits, DType dtype, const Surd& exact) {
  if (is_finite(bits, dtype)) return decode(bits, dtype);
  const bool negative =
      is_nan(bits, dtype) ? sign(exact) < 0 : is_negative(bits, dtype);
  return negative ? -first_beyond(dtype) : first_beyond(dtype);
}

Judgement match_or_fail(bool same, std::uint64_t want) {
  Judgement j;
  j.want = want;
  if (same) return j;
  j.grade = Grade::unstable;
  j.ulp = kInfinite;
  j.eta = kInfinite;
  return j;
}

// Sets the sizes that exact sums give. If a value of the channel is not finite,
// most of them stay 0.
void set_statistics(const ExactBatchNorm& exact, std::int64_t c,
                    ChannelSizes& to) {
  const Problem& problem = exact.problem();
  const Channel& channel = exact.channel(c);
  to.x2 = approximate({channel.sums.s2, 0, 1, 1}) / to.m;
  to.dy.d = std::fabs(approximate(dbeta(channel))) / to.m;
  if (to.frozen) {
    to.mean = Wide{problem.parameter(Input::running_mean, c)};
    to.v = Wide{problem.parameter(Input::running_var, c)};
    to.w = to.v + static_cast<Wide>(problem.epsilon);
    to.s = to.w > 0 ? 1 / std::sqrt(to.w) : 0;
  } else if (exact.statistics_finite(c)) {
    // From exact sums: in floating point, a variance that cancels would lose
    // its digits.
    to.mean = approximate(mean(channel));
    to.v = approximate(variance(channel));
    to.w = approximate(w_of(channel));
    to.s = to.w > 0 ? approximate(invstd(channel)) : 0;
  } else {
    return;
  }
  to.dy.t = std::fabs(approximate(t_of(channel))) * to.s / to.m;
  if (!traits(problem.operation).direction) return;
  const DirectionSums& u = exact.along(c).sums;
  to.u.d = std::fabs(approximate({u.u1, 0, 1, 1})) / to.m;
  to.u.t = std::fabs(approximate(p_of(channel, u))) * to.s / to.m;
  to.c = std::fabs(approximate(c_of(channel, u))) / to.m;
}

}  // namespace

Judge::Judge(const Problem& problem, const Declaration& declaration)
    : Judge(problem, declaration, OnDemand()) {
  sum({0, view_.channels});
}

Judge::Judge(const Problem& problem, const Declaration& declaration, OnDemand)
    : Tolerances(problem, declaration,
                 [this](std::int64_t c, ChannelSizes& to) {
                   set_statistics(exact_, c, to);
                 }),
      problem_(problem),
      declaration_(declaration),
      view_(problem.view()),
      exact_(problem, OnDemand()),
      infinities_(problem) {}

void Judge::sum(const Channels& channels) const {
  const StandardEnvironment environment;
  exact_.sum(channels);
  conditions().add(channels);
}

bool Judge::is_bounded(Output output, std::int64_t channel) const {
  return exact_.is_number(channel) && !bound_is_void(output, channel);
}

Judgement Judge::operator()(Output output, std::int64_t i, std::uint64_t got,
                            DType dtype) const {
  const StandardEnvironment environment;
  const Exact exact = exact_.at(exact_name(declaration_, output), i);
  switch (exact.kind) {
    case Exact::Kind::number:
      return number(output, i, exact.value, got, dtype);
    case Exact::Kind::division_by_zero:
    case Exact::Kind::unbiased_of_one:
      return convention(exact.kind, output, i, got, dtype);
    case Exact::Kind::nonfinite:
      return match_or_fail(
          is_nan(got, dtype) ||
              (is_infinite(got, dtype) &&
               infinities_.may_be(output, i, is_negative(got, dtype))),
          round_to(exact, dtype));
    case Exact::Kind::nan:
    case Exact::Kind::plus_infinity:
    case Exact::Kind::minus_infinity:
      break;
  }
  const std::uint64_t want = round_to(exact, dtype);
  return match_or_fail(same_value(got, want, dtype), want);
}

Judgement Judge::number(Output output, std::int64_t i, const Surd& exact,
                        std::uint64_t got, DType dtype) const {
  Judgement j;
  j.want = round_to(exact, dtype);
  const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
  const Format f = format(dtype);
  if (!is_finite(got, dtype) && same_value(got, j.want, dtype)) return j;
  if (is_nan(got, dtype) && f.infinities) {
    j = match_or_fail(false, j.want);
    // With epsilon > 0 no sound algorithm takes the root of a negative number.
    j.decided = !bound_is_void(output, c) ||
                (problem_.epsilon > 0 && wide_variance_is_positive(c));
    return j;
  }
  const Surd off = exact - comparable(got, dtype, exact);
  const Wide error = approximate(off);
  const bool zero = sign(exact) == 0;
  const std::int64_t top = zero ? f.quantum() : leading_exponent(exact);
  const std::int64_t ulp_at = ulp_exponent(top, dtype);
  const Wide ulp = wide_power_of_two(ulp_at);
  const bool flushed =
      declaration_.subnormals == Subnormals::flush && top < f.emin;
  const Wide half_ulp = flushed ? wide_power_of_two(f.emin) : ulp / 2;
  // No number but 0 is a finite number of ulps from 0, and no infinity is a
  // finite number of ulps from a number.
  const bool incomparable =
      (zero && error != 0) || is_finite(got, dtype) != is_finite(j.want, dtype);
  j.ulp = incomparable ? kInfinite : static_cast<double>(-error / ulp);
  // An error just below an ulp rounds to one.
  if (std::fabs(j.ulp) == 1 && compare(absolute(off), {1, ulp_at}) < 0) {
    j.ulp = std::nextafter(j.ulp, 0);
  }
  // Conditions are expensive: compute one only if eta can be positive.
  if (std::fabs(error) > half_ulp) {
    j.eta = static_cast<double>(eta_of(output, i, error, half_ulp));
  }
  if (same_value(got, j.want, dtype)) {
    j.grade = Grade::correct;
  } else if (std::fabs(j.ulp) < 1) {
    j.grade = Grade::faithful;
  } else if (j.eta <= limit(output, Grade::stable)) {
    j.grade = Grade::stable;
  } else if (j.eta <= limit(output, Grade::sequential)) {
    j.grade = Grade::sequential;
  } else {
    j.grade = Grade::unstable;
  }
  j.decided = j.grade <= Grade::faithful || !bound_is_void(output, c);
  return j;
}

// One pass is sound in twice the working precision, where mean x^2 - mean^2 is
// off by up to limit u2 mean x^2.
bool Judge::wide_variance_is_positive(std::int64_t channel) const {
  const int u2 = working() == DType::f64 ? -106 : -53;
  const Wide kappa = conditions().kappa(channel);
  return limit(Output::var, Grade::sequential) * wide_power_of_two(u2) * kappa *
             kappa <
         1;
}

// If the sum is exact, so is its product with 1/m: m is a power of 2.
bool Judge::sums_are_exact(std::int64_t channel) const {
  const Tensor& x = problem_.x();
  const std::int64_t first = view_.offset(channel, 0);
  if (!x.finite(first)) return false;
  if (magnitude(x.bits(first), x.dtype()) == 0) return true;
  if (!std::has_single_bit(static_cast<std::uint64_t>(view_.count()))) {
    return false;
  }
  const std::int64_t bits =
      bit_length(x.exact(first).n) + bit_length(Integer(view_.count()));
  return bits <= format(working_format(problem_, declaration_)).precision;
}

Judgement Judge::convention(Exact::Kind kind, Output output, std::int64_t i,
                            std::uint64_t got, DType dtype) const {
  const Format f = format(dtype);
  if (kind == Exact::Kind::unbiased_of_one) {
    const Tensor& old = *problem_.find(Input::running_var);
    const bool keep = declaration_.single_value == SingleValue::keep;
    const std::uint64_t want =
        keep ? round_to(old.value(i), dtype) : f.quiet_nan();
    return match_or_fail(same_value(got, want, dtype), want);
  }
  std::uint64_t want = output == Output::invstd ? f.overflow() : f.quiet_nan();
  // (sum dy x - mean sum dy) / 0: the numerator may round to a nonzero number.
  const bool of_gamma =
      output == Output::dgamma || output == Output::grad_gamma;
  const auto rounds_to_infinity = [&] {
    return of_gamma && is_nan(want, dtype) && is_infinite(got, dtype);
  };
  // With frozen statistics 0/0 is NaN under every convention.
  if (!normalizes_by_batch(problem_.operation)) {
    return match_or_fail(same_value(got, want, dtype) || rounds_to_infinity(),
                         want);
  }
  const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
  if (declaration_.zero_variance == ZeroVariance::zero) {
    const std::optional<Input> offset = traits(output).offset;
    want = offset ? round_to(problem_.parameter(*offset, c), dtype) : 0;
  }
  Judgement j =
      match_or_fail(same_value(got, want, dtype) || rounds_to_infinity(), want);
  j.decided = j.grade == Grade::correct || sums_are_exact(c);
  return j;
}

}  // namespace exactbn
