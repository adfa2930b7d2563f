// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/channel_forms.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/rounded/affine_form.h"
#include "reference/sums/double_double.h"

namespace exactbn {

namespace {

// Covers the rounding of the bounds and of the quantities they are compared
// with.
constexpr double kMore = 1 + 0x1p-29;
// Larger tolerances may leave the range of double.
constexpr Wide kMostTolerance = 0x1p900L;

Wide magnitude_of(const Magnitudes& m, Input name) {
  return name == Input::x ? m.x : name == Input::dy ? m.dy : m.u;
}

}  // namespace

ChannelForms::ChannelForms(const Judge& judge, const Screen* screen,
                           Output output, const InputNames& inputs, DType dtype,
                           const Channels& channels)
    : judge_(&judge),
      screen_(screen),
      tolerances_(screen ? &screen->tolerances() : &judge),
      output_(output),
      inputs_(inputs),
      dtype_(dtype),
      channels_(channels),
      columns_(kColumns * static_cast<std::size_t>(channels.count)) {
  for (std::int64_t i = 0; i < channels.count; ++i) set_form(i);
}

ChannelForms::Form ChannelForms::form_of(std::int64_t channel) const {
  Form form;
  if (!screen_) {
    const ExactBatchNorm& exact = judge_->exact();
    const Operation operation = exact.problem().operation;
    const AffineForm surds = affine_form(
        operation, output_, exact.channel(channel), exact.along(channel));
    const auto names = form_inputs(operation, output_);
    for (std::size_t j = 0; j < names.size(); ++j) {
      const auto place = std::find(inputs_.begin(), inputs_.end(), names[j]);
      form.slopes[static_cast<std::size_t>(place - inputs_.begin())] =
          nearest_pair(surds.slopes[j]);
    }
    form.offset = nearest_pair(surds.offset);
    return form;
  }
  const EstimatedForm near = screen_->form(output_, channel);
  form.slopes[0] = inputs_.size() > 1 ? near.by_x : near.slope;
  if (inputs_.size() > 1) form.slopes[1] = near.slope;
  form.offset = near.offset;
  form.error = screen_->error(output_, channel);
  return form;
}

void ChannelForms::set_form(std::int64_t i) {
  const std::int64_t c = channels_.first + i;
  const Form form = form_of(c);
  column(kOffsetHigh)[i] = form.offset.high;
  column(kOffsetLow)[i] = form.offset.low;
  for (std::size_t j = 0; j < inputs_.size(); ++j) {
    column(kHigh + j)[i] = form.slopes[j].high;
    column(kLow + j)[i] = form.slopes[j].low;
  }
  column(kCentre)[i] = static_cast<double>(tolerances_->conditions().mean(c));
  set_bounds(kBounds, i, form, form_rounding(dtype_, inputs_.size()));
  set_bounds(kRough, i, form, rough_rounding(inputs_.size()));
}

void ChannelForms::set_bounds(Column bounds, std::int64_t i, const Form& form,
                              const FormRounding& rounding) {
  const double of_terms = kMore * (rounding.of_terms + form.error.slope);
  column(bounds + kRelative)[i] = kMore * (rounding.of_form + form.error.slope);
  bool zero = form.offset.high == 0;
  for (std::size_t j = 0; j < inputs_.size(); ++j) {
    const double slope = std::fabs(form.slopes[j].high);
    column(bounds + kRest + j)[i] =
        of_terms * slope + (j == 0 ? form.error.of_x : 0);
    zero = zero && slope == 0;
  }
  column(bounds + kRestOne)[i] = of_terms * std::fabs(form.offset.high) +
                                 form.error.offset + (zero ? 0 : kLeastError);
}

void ChannelForms::set_tolerance(double eta, double slack, Sizes sizes) {
  const bool same = slack == slack_ && sizes == sizes_;
  if (eta == eta_ && (same || eta == 0)) return;
  eta_ = eta;
  slack_ = slack;
  sizes_ = sizes;
  for (std::int64_t i = 0; i < channels_.count; ++i) {
    const std::int64_t c = channels_.first + i;
    Magnitudes m;
    if (eta > 0) m = tolerances_->tolerance(output_, c, eta, sizes);
    const Wide s = tolerances_->conditions().invstd(c);
    const double centred = rounded(m.xhat * s, slack);
    column(kTolCentred)[i] = centred;
    // |x - centre| has the rounding error of the centre.
    column(kTolOne)[i] =
        rounded(m.one, slack) +
        std::copysign(0x1p-52, slack) * std::fabs(column(kCentre)[i]) * centred;
    for (std::size_t j = 0; j < inputs_.size(); ++j) {
      column(kTol + j)[i] = rounded(magnitude_of(m, inputs_[j]), slack);
    }
  }
}

// Rounds to the side on which no decision can be wrong.
double ChannelForms::rounded(Wide tolerance, double slack) {
  if (tolerance <= kMostTolerance) {
    return static_cast<double>(tolerance) * (1 + slack);
  }
  return slack > 0 ? std::numeric_limits<double>::infinity()
                   : static_cast<double>(kMostTolerance);
}

FormBounds ChannelForms::bounds_of(Column bounds) const {
  FormBounds b;
  b.relative = column(bounds + kRelative);
  b.rest_one = column(bounds + kRestOne);
  for (std::size_t j = 0; j < inputs_.size(); ++j) {
    b.rest[j] = column(bounds + kRest + j);
  }
  return b;
}

CheckForms ChannelForms::forms() const {
  CheckForms f;
  f.k = inputs_.size();
  f.width = channels_.count;
  for (std::size_t j = 0; j < f.k; ++j) {
    f.high[j] = column(kHigh + j);
    f.low[j] = column(kLow + j);
    f.tol[j] = column(kTol + j);
  }
  f.offset_high = column(kOffsetHigh);
  f.offset_low = column(kOffsetLow);
  f.tol_centred = column(kTolCentred);
  f.tol_one = column(kTolOne);
  f.centre = column(kCentre);
  f.bounds = bounds_of(kBounds);
  f.rough = bounds_of(kRough);
  return f;
}

const Magnitudes& ChannelForms::magnitudes(std::int64_t channel, double eta,
                                           Sizes sizes) {
  for (const Kept& k : kept_) {
    if (k.channel == channel && k.eta == eta && k.sizes == sizes) {
      return k.magnitudes;
    }
  }
  Kept& k = kept_[oldest_++ % kept_.size()];
  k = {channel, eta, sizes,
       tolerances_->tolerance(output_, channel, eta, sizes)};
  return k.magnitudes;
}

double ChannelForms::tolerance(std::int64_t i,
                               const std::array<double, CheckForms::kMost>& in,
                               double eta, double slack, Sizes sizes) {
  const std::int64_t c = channels_.first + i % channels_.count;
  const Magnitudes& m = magnitudes(c, eta, sizes);
  const Conditions& conditions = tolerances_->conditions();
  Wide tol = m.one + m.xhat * conditions.invstd(c) *
                         std::fabs(in[0] - conditions.mean(c));
  for (std::size_t j = 0; j < inputs_.size(); ++j) {
    tol += magnitude_of(m, inputs_[j]) * std::fabs(in[j]);
  }
  return rounded(tol, slack);
}

}  // namespace exactbn
