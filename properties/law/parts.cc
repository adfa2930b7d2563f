// SPDX-License-Identifier: Apache-2.0
#include "properties/law/parts.h"

#include <fmt/format.h>

#include "reference/exact/forward.h"

namespace exactbn::law {

void along_x(Trial& t, const Observation& a, Output output) {
  const Column derivative = a.out(output);
  const Column gamma = a.gamma();
  const Column x = a.in(Input::x);
  const Number epsilon = a.epsilon();
  const ChannelNumbers mean = means(a);
  const ChannelNumbers slope(a, [&](std::int64_t c) {
    const Number s = a.invstd(c);
    return gamma(c) * epsilon * squared(s) * s;
  });
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(derivative(i) - slope(c) * (x(i) - mean(c)), output, i);
  });
}

ChannelNumbers means(const Observation& a) {
  return {a, [&](std::int64_t c) { return a.mean(c); }};
}

ChannelNumbers slopes(const Observation& a, const Column& factor) {
  return {a, [&](std::int64_t c) { return factor(c) * a.invstd(c); }};
}

ChannelNumbers scales(const Observation& a) { return slopes(a, a.gamma()); }

std::optional<Problem> frozen_at_the_batch(const Observation& a,
                                           Operation operation) {
  const std::int64_t channels = a.view().channels;
  const bool is_f64 = a.problem().x().dtype() == DType::f64;
  const DType dtype = is_f64 ? DType::f64 : DType::f32;
  for (std::int64_t c = 0; a.filters() && c < channels; ++c) {
    const ChannelEstimate& e = a.estimate(c);
    if (!e.is_number || surely_not_held(e.mean, dtype) ||
        surely_not_held(e.var, dtype)) {
      return std::nullopt;
    }
  }
  Tensor mean(dtype, {channels});
  Tensor var(dtype, {channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    const ExactBatchNorm& exact = a.judge().exact();
    if (!exact.is_number(c)) return std::nullopt;
    const Surd of_mean = exactbn::mean(exact.channel(c));
    const Surd of_var = variance(exact.channel(c));
    mean.set_bits(c, round_to(of_mean, dtype));
    var.set_bits(c, round_to(of_var, dtype));
    if (!mean.finite(c) || !var.finite(c) ||
        exactbn::compare(of_mean, mean.exact(c)) != 0 ||
        exactbn::compare(of_var, var.exact(c)) != 0) {
      return std::nullopt;
    }
  }
  Problem p = as(operation, a.problem());
  p.inputs[Input::running_mean] = std::move(mean);
  p.inputs[Input::running_var] = std::move(var);
  return p;
}

Violation failure_of(const CaseVerdict& verdict) {
  Violation v;
  v.text = verdict.reason;
  for (const OutputVerdict& out : verdict.outputs) {
    if (out.verdict != Verdict::failed) continue;
    const Judgement& j = out.worst.judgement;
    v.output = out.output;
    v.index = out.worst.index;
    v.text =
        fmt::format("got {}, want {}: {:+.3g} ulp, eta {:.3g}, limit {:.3g}",
                    to_hexfloat(out.worst.got, out.dtype),
                    to_hexfloat(j.want, out.dtype), j.ulp, j.eta, out.limit);
    break;
  }
  return v;
}

}  // namespace exactbn::law
