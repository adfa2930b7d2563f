// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/tolerances.h"

#include <fmt/ranges.h>

#include <string_view>
#include <vector>

namespace exactbn {

DType usual_accumulation(DType x) {
  return x == DType::f64 ? DType::f64 : DType::f32;
}

bool is_short_accumulation(const Declaration& declaration, DType x) {
  return declaration.accumulation &&
         format(*declaration.accumulation).precision <
             format(usual_accumulation(x)).precision;
}

DType working_format(const Problem& problem, const Declaration& declaration) {
  const DType x = problem.x().dtype();
  const bool counts =
      declaration.accumulation && (declaration.allows_short_accumulation ||
                                   !is_short_accumulation(declaration, x));
  return counts ? *declaration.accumulation : usual_accumulation(x);
}

std::string short_accumulation_text(const Declaration& declaration,
                                    const std::set<DType>& of_x) {
  std::vector<std::string_view> names;
  for (const DType x : of_x) {
    if (is_short_accumulation(declaration, x)) names.push_back(format(x).name);
  }
  if (names.empty()) return {};
  const std::string declared = fmt::format(
      "the declared {} is shorter than usual for x in {}",
      format(*declaration.accumulation).name, fmt::join(names, ", "));
  return declaration.allows_short_accumulation
             ? declared + "; it counts, so that larger errors pass"
             : declared + "; it does not count unless it is allowed";
}

bool is_bounded_through_w(const Problem& problem, Output output) {
  return traits(output).over_root && normalizes_by_batch(problem.operation);
}

Tolerances::Tolerances(const Problem& problem, const Declaration& declaration,
                       Conditions::Statistics statistics)
    : problem_(problem),
      declaration_(declaration),
      m_(problem.view().count()),
      conditions_(problem, declaration.running_variance, std::move(statistics)),
      working_(working_format(problem, declaration)) {
  const Format working = format(working_);
  u_ = working.unit_roundoff();
  lambda_ =
      wide_power_of_two(keeps_subnormals() ? working.quantum() : working.emin);
}

// The bounds of mean, var, dbeta, the running statistics, and all with frozen
// statistics always hold; the others hold while w moves by no more than about
// half (bounds.md derives the 1/5).
Wide Tolerances::void_ratio(Output output, std::int64_t channel) const {
  if (!is_bounded_through_w(problem_, output)) return 0;
  const Wide theta = limit(output, Grade::sequential) * u_;
  const Wide underflow = limit(output, Grade::sequential) * lambda_;
  return 5 * (theta * conditions_.kappa(channel) +
              underflow / conditions_.w(channel));
}

Magnitudes Tolerances::tolerance(Output output, std::int64_t channel,
                                 double eta, Sizes sizes) const {
  const ConditionForm f = conditions_.form(output, channel, sizes);
  const Wide theta = eta * u_;
  return theta * f.linear + theta * theta * f.quadratic +
         eta * lambda_ * f.underflow;
}

Wide Tolerances::tolerance_unit(Output output, std::int64_t i,
                                double eta) const {
  const Condition c = conditions_.at(output, i);
  return u_ * c.linear + eta * u_ * u_ * c.quadratic + lambda_ * c.underflow;
}

Wide Tolerances::eta_of(Output output, std::int64_t i, Wide error,
                        Wide half_ulp) const {
  return backward_error(error, half_ulp, conditions_.at(output, i), u_,
                        lambda_);
}

double Tolerances::summed(Output output) const {
  return shaped_like_x(output) && !normalizes_by_batch(problem_.operation)
             ? 0
             : static_cast<double>(m_);
}

}  // namespace exactbn
