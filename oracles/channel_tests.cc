// SPDX-License-Identifier: Apache-2.0
#include "oracles/channel_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/affine_form.h"
#include "reference/double_double.h"

namespace exactbn {

namespace {

// Covers the roundings of bounds and of what they are compared with.
constexpr double kMore = 1 + 0x1p-29;
// What a coefficient is off by that is rounded twice, to 64 bits and to 53,
// beyond what it is off by if rounded once.
constexpr double kTwice = 0x1p-62;
// Tolerances beyond it are no doubles any more.
constexpr Wide kMostTolerance = 0x1p900L;

Wide magnitude_of(const Magnitudes& m, std::string_view name) {
  return name == "x" ? m.x : name == "dy" ? m.dy : m.u;
}

}  // namespace

ChannelTests::ChannelTests(const Judge& judge, const Screen* screen,
                           std::string_view output,
                           const std::vector<std::string_view>& inputs,
                           DType dtype, const Channels& channels)
    : judge_(screen ? &screen->judge() : &judge),
      screen_(screen),
      output_(output),
      inputs_(inputs),
      dtype_(dtype),
      channels_(channels) {
  const auto count = static_cast<std::size_t>(channels.count);
  for (auto* columns : {&high_, &low_, &rest_, &tol_}) {
    columns->assign(inputs.size(), Column(count));
  }
  for (auto* column : {&offset_high_, &offset_low_, &relative_, &rest_one_,
                       &tol_centred_, &tol_one_, &centre_}) {
    column->resize(count);
  }
  for (std::int64_t i = 0; i < channels.count; ++i) set_form(i);
}

void ChannelTests::set_form(std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  const std::int64_t c = channels_.first + i;
  const ExactBatchNorm& exact = judge_->exact();
  const Operation operation = exact.problem().operation;
  const AffineForm form =
      affine_form(operation, output_, exact.channel(c), exact.along(c));
  const FormError error = screen_ ? screen_->error(output_, c) : FormError{};
  // Estimated coefficients of f32 need no more than a double, of 64 bits.
  const bool short_forms = screen_ && dtype_ != DType::f64;
  const auto pair = [&](const Surd& surd) {
    if (!short_forms) return nearest_pair(surd);
    return DoubleDouble{static_cast<double>(approximate(surd)), 0};
  };
  const DoubleDouble offset = pair(form.offset);
  offset_high_[at] = offset.high;
  offset_low_[at] = offset.low;
  bool zero = offset.high == 0;
  const FormRounding rounding = form_rounding(dtype_, inputs_.size());
  const double off = error.slope + (short_forms ? kTwice : 0);
  const double of_terms = kMore * (rounding.of_terms + off);
  relative_[at] = kMore * (rounding.of_form + off);
  const auto names = form_inputs(operation, output_);
  for (std::size_t j = 0; j < names.size(); ++j) {
    const DoubleDouble slope = pair(form.slopes[j]);
    const auto place = std::find(inputs_.begin(), inputs_.end(), names[j]);
    const auto to = static_cast<std::size_t>(place - inputs_.begin());
    high_[to][at] = slope.high;
    low_[to][at] = slope.low;
    rest_[to][at] =
        of_terms * std::fabs(slope.high) + (to == 0 ? error.of_x : 0);
    zero = zero && slope.high == 0;
  }
  centre_[at] = static_cast<double>(judge_->conditions().mean(c));
  rest_one_[at] = of_terms * std::fabs(offset.high) + error.offset +
                  (zero ? 0 : kLeastError);
}

void ChannelTests::set_tolerance(double eta, double slack) {
  if (eta == eta_ && (slack == slack_ || eta == 0)) return;
  eta_ = eta;
  slack_ = slack;
  for (std::int64_t i = 0; i < channels_.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int64_t c = channels_.first + i;
    Magnitudes m;
    if (eta > 0) m = judge_->tolerance(output_, c, eta);
    const Wide s = judge_->conditions().invstd(c);
    tol_centred_[at] = rounded(m.xhat * s);
    // |x - centre| is off by the rounding of the centre.
    tol_one_[at] = rounded(m.one) + std::copysign(0x1p-52, slack) *
                                        std::fabs(centre_[at]) *
                                        tol_centred_[at];
    for (std::size_t j = 0; j < inputs_.size(); ++j) {
      tol_[j][at] = rounded(magnitude_of(m, inputs_[j]));
    }
  }
}

// Towards the side on which nothing is decided wrongly.
double ChannelTests::rounded(Wide tolerance) const {
  if (tolerance <= kMostTolerance) {
    return static_cast<double>(tolerance) * (1 + slack_);
  }
  return slack_ > 0 ? std::numeric_limits<double>::infinity()
                    : static_cast<double>(kMostTolerance);
}

CheckForms ChannelTests::forms() const {
  CheckForms f;
  f.k = inputs_.size();
  f.width = channels_.count;
  for (std::size_t j = 0; j < f.k; ++j) {
    f.high[j] = high_[j].data();
    f.low[j] = low_[j].data();
    f.rest[j] = rest_[j].data();
    f.tol[j] = tol_[j].data();
  }
  f.offset_high = offset_high_.data();
  f.offset_low = offset_low_.data();
  f.relative = relative_.data();
  f.rest_one = rest_one_.data();
  f.tol_centred = tol_centred_.data();
  f.tol_one = tol_one_.data();
  f.centre = centre_.data();
  return f;
}

double ChannelTests::tolerance(
    std::int64_t i, const std::array<double, CheckForms::kMost>& in) const {
  const auto at = static_cast<std::size_t>(i % channels_.count);
  double tol = tol_one_[at] + tol_centred_[at] * std::fabs(in[0] - centre_[at]);
  for (std::size_t j = 0; j < inputs_.size(); ++j) {
    tol += tol_[j][at] * std::fabs(in[j]);
  }
  return tol;
}

}  // namespace exactbn
