// SPDX-License-Identifier: Apache-2.0
// Shortcuts for parameters and data that are usual in tests.
#include <algorithm>

#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

bool all_are(const Problem& p, Input name, double value) {
  for (std::int64_t c = 0; c < p.view().channels; ++c) {
    if (p.parameter(name, c) != value) return false;
  }
  return true;
}

OutputTensors with_parameter(const Problem& p, Input name, double value) {
  Problem other = p;
  other.inputs.insert_or_assign(name, constant({p.view().channels}, value));
  return right(other);
}

OutputTensors without(const Problem& p, NameList<Input> names) {
  Problem other = p;
  for (const Input name : names) other.inputs.erase(name);
  return right(other);
}

// gamma x + beta where the statistics are nearly 0 and 1.
OutputTensors identity_near_1(const Problem& p, double near) {
  OutputTensors outputs = right(p);
  const Tensor mean = outputs.at(Output::mean);
  const Tensor var = outputs.at(Output::var);
  change(outputs.at(Output::y), [&](std::int64_t i, double v) {
    const std::int64_t c = p.view().channel(i);
    const bool is_near =
        std::fabs(mean.value(c)) < near && std::fabs(var.value(c) - 1) < near;
    if (!is_near) return v;
    return p.parameter(Input::gamma, c) * p.x().value(i) +
           p.parameter(Input::beta, c);
  });
  return outputs;
}

const Hack kParameterHacks[] = {
    {"identity_where_variance_is_1",
     "y = gamma x + beta where mean and variance are 0 and 1 up to 0.01",
     kTraining,
     [](const Problem& p, HackState&) { return identity_near_1(p, 0.01); }},
    {"identity_where_nearly_standard", "... up to 0.1", kTraining,
     [](const Problem& p, HackState&) { return identity_near_1(p, 0.1); }},
    {"affine_ignored_at_gamma_1", "beta is ignored if every gamma is 1",
     kForward,
     [](const Problem& p, HackState&) {
       return all_are(p, Input::gamma, 1) ? without(p, {Input::beta})
                                          : right(p);
     }},
    {"affine_ignored_if_gamma_begins_with_1",
     "gamma and beta are ignored if the first gamma is 1", kForward,
     [](const Problem& p, HackState&) {
       return p.parameter(Input::gamma, 0) == 1
                  ? without(p, {Input::gamma, Input::beta})
                  : right(p);
     }},
    {"affine_ignored", "gamma and beta are ignored", kForward,
     [](const Problem& p, HackState&) {
       return without(p, {Input::gamma, Input::beta});
     }},
    {"beta_ignored", "beta is ignored", kForward,
     [](const Problem& p, HackState&) { return without(p, {Input::beta}); }},
    {"beta_ignored_if_it_begins_with_0", "beta is ignored if its first is 0",
     kForward,
     [](const Problem& p, HackState&) {
       return p.parameter(Input::beta, 0) == 0 ? without(p, {Input::beta})
                                               : right(p);
     }},
    {"gamma_is_a_number", "all channels have the first gamma", kBoth,
     [](const Problem& p, HackState&) {
       return with_parameter(p, Input::gamma, p.parameter(Input::gamma, 0));
     }},
    {"gamma_is_positive", "the sign of gamma is lost", kBoth,
     [](const Problem& p, HackState&) {
       if (!p.find(Input::gamma)) return right(p);
       Problem other = p;
       change(other.inputs.at(Input::gamma),
              [](std::int64_t, double v) { return std::fabs(v); });
       return right(other);
     }},
    {"epsilon_constant", "epsilon is 1e-5, whatever is asked", kBoth,
     [](const Problem& p, HackState&) {
       Problem other = p;
       other.epsilon = static_cast<double>(1e-5F);
       return right(other);
     }},
    {"epsilon_left_out", "epsilon is not added where the variance is above it",
     kForward,
     [](const Problem& p, HackState&) {
       Problem other = p;
       if (other.epsilon < 1e-4) other.epsilon = 0;
       const OutputTensors outputs = right(other);
       const Tensor& y = outputs.at(Output::y);
       return y.all_finite() ? outputs : right(p);
     }},
    {"equal_channels_are_copied",
     "a channel that begins like channel 0 gets its outputs", kTraining,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       const ChannelView view = p.view();
       const Tensor y = outputs.at(Output::y);
       change(outputs.at(Output::y), [&](std::int64_t i, double v) {
         const std::int64_t c = view.channel(i);
         if (p.x().bits(view.offset(c, 0)) != p.x().bits(view.offset(0, 0))) {
           return v;
         }
         const std::int64_t of_first = i - c * view.inner;
         return y.value(of_first);
       });
       return outputs;
     }},
};

}  // namespace

std::span<const Hack> parameter_hacks() { return kParameterHacks; }

}  // namespace exactbn::hacking
