// SPDX-License-Identifier: Apache-2.0
#include "properties/asked.h"

#include <algorithm>
#include <cmath>

namespace exactbn {

namespace {

Wide ulp_at(Wide size, DType dtype) {
  const Format f = format(dtype);
  const int top = size > 0 ? std::ilogb(size) : f.quantum();
  return std::ldexp(Wide{1}, static_cast<int>(ulp_exponent(
                                 std::max(top, f.quantum()), dtype)));
}

}  // namespace

Asked::Asked(Problem problem, Answer answer, const Declaration& declaration,
             Grade required)
    : problem_(std::move(problem)),
      answer_(std::move(answer)),
      declaration_(declaration),
      required_(required) {}

Asked::Asked(Problem problem, const Declaration& declaration)
    : problem_(std::move(problem)),
      declaration_(declaration),
      by_definition_(true) {}

const Judge& Asked::judge() const {
  if (!judge_) judge_.emplace(problem_, declaration_);
  return *judge_;
}

bool Asked::has(std::string_view output) const {
  if (answer_.kind != Answer::Kind::outputs) return false;
  if (by_definition_) {
    const auto names = output_names(problem_);
    return std::find(names.begin(), names.end(), output) != names.end();
  }
  return offers(declaration_, problem_.operation, output) &&
         answer_.outputs.contains(std::string(output));
}

// Whether the right value is no number, or the bounds say nothing of it.
bool Asked::says_nothing(std::string_view output, std::int64_t i) const {
  const bool like_x = shaped_like_x(output);
  const std::int64_t c = like_x ? view().channel(i) : i;
  if (!judge().exact().is_number(c)) return true;
  if (like_x && !problem_.x().finite(i)) return true;
  if (output.starts_with("running_")) {
    if (!problem_.find(output)->finite(c)) return true;
    if (m() == 1 && output == "running_var" &&
        declaration_.running_variance == RunningVariance::unbiased) {
      return true;
    }
  }
  return !by_definition_ && judge().bound_is_void(output, c);
}

// At least as much as any right value may be off for which the judge lets this
// one pass: half an ulp and the tolerance, or an ulp.
Wide Asked::allowed(std::string_view output, std::int64_t i, double got,
                    DType dtype) const {
  const Format f = format(dtype);
  Wide tolerance = 0;
  if (required_ >= Grade::stable) {
    const double eta = judge().limit(output, required_);
    tolerance = eta * judge().tolerance_unit(output, i, eta);
  }
  // The right value may lie in a binade above that of the answer: it is at
  // most `most`, as an ulp is at most 2^(1-p) of it, or the quantum.
  const Wide quantum = std::ldexp(Wide{1}, f.quantum());
  const Wide most = (std::fabs(got) + tolerance + quantum) /
                    (1 - std::ldexp(Wide{1}, 1 - f.precision));
  const Wide ulp = ulp_at(most, dtype);
  Wide radius = required_ == Grade::correct
                    ? ulp / 2
                    : std::max(ulp, ulp / 2 + tolerance);
  if (declaration_.subnormals == Subnormals::flush) {
    radius += std::ldexp(Wide{1}, f.emin);
  }
  return radius * (1 + 0x1p-30L);
}

Number Asked::out(std::string_view output, std::int64_t i) const {
  if (says_nothing(output, i)) return Number::unknown();
  if (by_definition_) {
    const bool biased =
        output == "running_var" &&
        declaration_.running_variance == RunningVariance::biased;
    const Exact exact =
        judge().exact().at(biased ? "running_var_biased" : output, i);
    return exact.kind == Exact::Kind::number ? Number::exact(exact.value)
                                             : Number::unknown();
  }
  const Tensor& tensor = answer_.outputs.find(output)->second;
  if (!tensor.finite(i)) return Number::unknown();
  const double got = tensor.value(i);
  return Number::within(got, allowed(output, i, got, tensor.dtype()));
}

Number Asked::about(const Surd& value) const {
  return by_definition_ ? Number::exact(value) : Number::about(value);
}

Number Asked::in(std::string_view input, std::int64_t i, double absent) const {
  const Tensor* tensor = problem_.find(input);
  if (tensor && !tensor->finite(i)) return Number::unknown();
  const double value = tensor ? tensor->value(i) : absent;
  return by_definition_ ? Number::exact(dyadic(value)) : Number(value);
}

Number Asked::epsilon() const {
  return by_definition_ ? Number::exact(dyadic(problem_.epsilon))
                        : Number(problem_.epsilon);
}

Number Asked::weight_new() const {
  return problem_.momentum ? Number(*problem_.momentum) : Number(1);
}

double Asked::weight_scale() const {
  return problem_.momentum ? 1
                           : static_cast<double>(problem_.batches_tracked + 1);
}

Number Asked::mean(std::int64_t c) const {
  const ExactBatchNorm& exact = judge().exact();
  if (!exact.is_number(c)) return Number::unknown();
  const Channel& ch = exact.channel(c);
  return about(Surd{ch.sums.s1, 0, 1, ch.m});
}

Number Asked::var(std::int64_t c) const {
  const ExactBatchNorm& exact = judge().exact();
  if (!exact.is_number(c)) return Number::unknown();
  return about(variance(exact.channel(c)));
}

Number Asked::invstd(std::int64_t c) const {
  const ExactBatchNorm& exact = judge().exact();
  if (!exact.is_number(c)) return Number::unknown();
  return about(exactbn::invstd(exact.channel(c)));
}

}  // namespace exactbn
