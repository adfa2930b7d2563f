// SPDX-License-Identifier: Apache-2.0
#include "properties/law/observation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/exact/forward.h"
#include "reference/ulp.h"

namespace exactbn {

namespace {

constexpr double kMaxDouble = std::numeric_limits<double>::max();

// The largest double that is at most `value`.
double rounded_down(Wide value) {
  if (value >= kMaxDouble) return kMaxDouble;
  const auto nearest = static_cast<double>(value);
  return nearest > value ? std::nextafter(nearest, 0) : nearest;
}

// 2^exponent / 2. Avoids converting a subnormal double to long double, which
// takes as long as thirty other conversions.
Wide half_of(double ulp, int exponent) {
  return ulp >= std::numeric_limits<double>::min()
             ? Wide{ulp} / 2
             : std::ldexp(Wide{1}, exponent - 1);
}

Wide ulp_at(Wide size, DType dtype) {
  const Format f = format(dtype);
  const int top = size > 0 ? std::ilogb(size) : f.quantum();
  return std::ldexp(Wide{1}, static_cast<int>(ulp_exponent(
                                 std::max(top, f.quantum()), dtype)));
}

}  // namespace

Observation::Observation(Case question, Answer answer,
                         const Declaration& declaration, Grade required,
                         Layer layer, const Observation* other)
    : question_(std::move(question)),
      answer_(std::move(answer)),
      declaration_(declaration),
      view_(question_.problem.view()),
      required_(required),
      other_(other),
      is_narrow_(problem().x().dtype() != DType::f64),
      layer_(layer) {}

Observation::Observation(Problem problem, const Declaration& declaration)
    : question_{{}, std::move(problem), {}},
      declaration_(declaration),
      view_(question_.problem.view()),
      by_definition_(true) {}

const Judge& Observation::judge() const {
  if (!judge_) judge_.emplace(problem(), declaration_, Judge::OnDemand());
  return *judge_;
}

const Estimates& Observation::estimates() const {
  if (!estimates_) {
    const bool knows = other_ && other_->estimates_;
    estimates_.emplace(problem(), declaration_,
                       knows ? &*other_->estimates_ : nullptr);
  }
  return *estimates_;
}

const PooledVector<Wide>& Observation::least_tolerances(Output output) const {
  return column(least_tolerances_, output, [&] {
    const double summed =
        shaped_like_x(output) && !normalizes_by_batch(problem().operation)
            ? 0
            : static_cast<double>(m());
    return estimates().least_tolerances(output, eta_limit(required_, summed));
  });
}

Wide Observation::least_tolerance(Output output, std::int64_t i) const {
  if (required_ < Grade::stable) return 0;
  return least_tolerances(output)[static_cast<std::size_t>(i)];
}

bool Observation::has(Output output) const {
  if (answer_.kind != Answer::Kind::outputs) return false;
  if (by_definition_) return output_names(problem()).contains(output);
  return answer_.outputs.find(output) != answer_.outputs.end() &&
         offers(declaration_, problem().operation, output);
}

// Whether the right value is no number, by definition or by convention.
bool Observation::is_without_number(Output output, std::int64_t i,
                                    bool channel_is_number) const {
  if (!channel_is_number) return true;
  if (shaped_like_x(output)) return !problem().x().finite(i);
  const std::optional<Input> old = traits(output).updates;
  if (!old) return false;
  return !problem().find(*old)->finite(i) ||
         (m() == 1 && output == Output::running_var &&
          declaration_.running_variance == RunningVariance::unbiased);
}

// An upper bound of the distance of any right value for which the judge passes
// this one: half an ulp plus the tolerance, or an ulp.
Wide Observation::allowed(double got, DType dtype, Wide tolerance) const {
  const Format f = format(dtype);
  // The right value may lie in a binade above that of the answer. It is at most
  // `most`, because its ulp is at most 2^(1-p) times it, or the quantum.
  const Wide most = (std::fabs(got) + tolerance + power_of_two(f.quantum())) /
                    (1 - power_of_two(1 - f.precision));
  const Wide ulp = ulp_at(most, dtype);
  Wide radius = required_ == Grade::correct
                    ? ulp / 2
                    : std::max(ulp, ulp / 2 + tolerance);
  if (declaration_.subnormals == Subnormals::flush) {
    radius += power_of_two(f.emin);
  }
  return radius * (1 + 0x1p-30L);
}

namespace {

template <class Name>
std::size_t size_of(Name name, const Problem& problem,
                    const ChannelView& view) {
  return static_cast<std::size_t>(shaped_like_x(name) ? problem.x().size()
                                                      : view.channels);
}

}  // namespace

PooledVector<Number> Observation::out_by_definition(Output output) const {
  const ExactBatchNorm& exact = judge().exact();
  PooledVector<Number> values(size_of(output, problem(), view_),
                              Number::unknown());
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto i = static_cast<std::int64_t>(k);
    const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
    if (is_without_number(output, i, exact.is_number(c))) continue;
    const Exact value = exact.at(exact_name(declaration_, output), i);
    if (value.kind != Exact::Kind::number) continue;
    values[k] = Number::exact(value.value);
  }
  return values;
}

PooledVector<Estimated> Observation::new_estimated(Output output,
                                                   bool tolerates) const {
  const Tensor& got = answer_.outputs.find(output)->second;
  const Format f = format(got.dtype());
  const bool through_w = is_bounded_through_w(problem(), output);
  // For all other outputs every x is finite, because the channel is a number.
  const bool checks_x = !shaped_like_x(output) ||
                        problem().operation == Operation::forward_inference;
  const Wide* const tolerances = tolerates && required_ >= Grade::stable
                                     ? least_tolerances(output).data()
                                     : nullptr;
  PooledVector<Estimated> values(size_of(output, problem(), view_));
  PooledVector<double> all(values.size());
  got.values_to(all);
  const bool of_channels = !shaped_like_x(output);
  for (std::int64_t c = 0; c < view_.channels; ++c) {
    const ChannelEstimate& e = estimate(c);
    const Bound bound = through_w ? e.through_w : Bound::holds;
    if (!e.is_number || bound == Bound::is_void) continue;
    const auto add = [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      if (!std::isfinite(all[at]) ||
          (checks_x && is_without_number(output, i, true))) {
        return;
      }
      Estimated& value = values[at];
      value.value = all[at];
      if (bound == Bound::open) {
        value.radius = std::numeric_limits<double>::quiet_NaN();
        return;
      }
      const int exponent = ulp_exponent_of(value.value, f);
      const double ulp = power_of_two(exponent);
      value.radius = required_ == Grade::correct ? ulp / 2 : ulp;
      if (!tolerances) return;
      const Wide half = half_of(ulp, exponent);
      if (tolerances[i] > half) {
        value.radius = rounded_down(half + tolerances[i]);
      }
    };
    if (of_channels) {
      add(c);
    } else {
      view_.each_offset(c, add);
    }
  }
  return values;
}

const PooledVector<Estimated>& Observation::estimated_out(Output output,
                                                          bool plainly) const {
  const bool tolerates =
      !plainly && (layer_ == Layer::tolerance ||
                   estimates().is_worth_a_tolerance(
                       answer_.outputs.find(output)->second.dtype()));
  return column(estimated_[tolerates ? 1 : 0], output,
                [&] { return new_estimated(output, tolerates); });
}

// The tolerances of all values, beyond half an ulp; negative if a value is no
// number or has no bound.
PooledVector<Wide> Observation::new_tolerances(Output output) const {
  const bool like_x = shaped_like_x(output);
  PooledVector<Wide> all(size_of(output, problem(), view_), -1);
  const double eta = judge().limit(output, required_);
  std::vector<std::optional<Magnitudes>> forms(
      static_cast<std::size_t>(view_.channels));
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto i = static_cast<std::int64_t>(k);
    const std::int64_t c = like_x ? view_.channel(i) : i;
    if (is_without_number(output, i, judge().exact().is_number(c)) ||
        judge().bound_is_void(output, c)) {
      continue;
    }
    if (required_ < Grade::stable) {
      all[k] = 0;
    } else if (like_x) {
      auto& form = forms[static_cast<std::size_t>(c)];
      if (!form) form = judge().tolerance(output, c, eta);
      all[k] = judge().conditions().at(*form, i);
    } else {
      all[k] = eta * judge().tolerance_unit(output, i, eta);
    }
  }
  return all;
}

const PooledVector<Wide>& Observation::tolerances(Output output) const {
  return column(tolerances_, output, [&] { return new_tolerances(output); });
}

Wide Observation::tolerance(Output output, std::int64_t i) const {
  return tolerances(output)[static_cast<std::size_t>(i)];
}

PooledVector<Number> Observation::out_as_judged(Output output,
                                                const Tensor& got) const {
  const PooledVector<Wide>& tolerance = tolerances(output);
  PooledVector<Number> values(tolerance.size(), Number::unknown());
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto i = static_cast<std::int64_t>(k);
    if (tolerance[k] < 0 || !got.finite(i)) continue;
    const double value = got.value(i);
    values[k] =
        Number::within(value, allowed(value, got.dtype(), tolerance[k]));
  }
  return values;
}

const PooledVector<Number>& Observation::outs(Output output) const {
  return column(outputs_, output, [&] {
    return by_definition_
               ? out_by_definition(output)
               : out_as_judged(output, answer_.outputs.find(output)->second);
  });
}

Number Observation::about(const Surd& value) const {
  return by_definition_ ? Number::exact(value) : Number::about(value);
}

PooledVector<double> Observation::in_values(Input input) const {
  PooledVector<double> values(size_of(input, problem(), view_),
                              traits(input).absent);
  if (const Tensor* tensor = problem().find(input)) tensor->values_to(values);
  return values;
}

Column Observation::in(Input input) const {
  const auto values = [&] { return in_values(input); };
  if (!by_definition_) {
    return {column(inputs_, input, values), filters() && is_narrow_};
  }
  return Column(column(exact_inputs_, input, [&] {
    PooledVector<Number> numbers;
    for (const double value : values()) {
      numbers.push_back(std::isfinite(value) ? Number::exact(dyadic(value))
                                             : Number::unknown());
    }
    return numbers;
  }));
}

Number Observation::epsilon() const {
  return by_definition_ ? Number::exact(dyadic(problem().epsilon))
                        : Number(problem().epsilon);
}

Number Observation::weight_new() const {
  return problem().momentum ? Number(*problem().momentum) : Number(1);
}

double Observation::weight_scale() const {
  return problem().momentum
             ? 1
             : static_cast<double>(problem().batches_tracked + 1);
}

template <class Make>
Number Observation::known(PooledVector<Number>& all, std::int64_t c,
                          const Make& make) const {
  if (all.empty()) {
    const ExactBatchNorm& exact = judge().exact();
    for (std::int64_t k = 0; k < view_.channels; ++k) {
      all.push_back(exact.is_number(k) ? about(make(exact.channel(k)))
                                       : Number::unknown());
    }
  }
  return all[static_cast<std::size_t>(c)];
}

Number Observation::estimated(std::int64_t c, const Number& number) const {
  if (!estimate(c).is_number) return Number::unknown();
  return is_narrow_ ? number.narrowed() : number;
}

Number Observation::mean(std::int64_t c) const {
  if (filters()) return estimated(c, estimate(c).mean);
  return known(means_, c, [](const Channel& ch) {
    return Surd{ch.sums.s1, 0, 1, ch.m};
  });
}

Number Observation::var(std::int64_t c) const {
  if (filters()) return estimated(c, estimate(c).var);
  return known(variances_, c, [](const Channel& ch) { return variance(ch); });
}

Number Observation::invstd(std::int64_t c) const {
  if (filters()) return estimated(c, estimates().root(c).invstd);
  return known(invstds_, c,
               [](const Channel& ch) { return exactbn::invstd(ch); });
}

}  // namespace exactbn
