// SPDX-License-Identifier: Apache-2.0
// Gradients.
#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

// The gradients with frozen statistics, those of the batch.
OutputTensors frozen(const Problem& p) {
  Problem forward = p;
  forward.operation = Operation::forward_training;
  forward.inputs.erase(Input::dy);
  const OutputTensors of_batch = right(forward);
  Problem other = p;
  other.operation = Operation::backward_inference;
  other.inputs.insert_or_assign(Input::running_mean, of_batch.at(Output::mean));
  other.inputs.insert_or_assign(Input::running_var, of_batch.at(Output::var));
  return right(other);
}

OutputTensors with(OutputTensors outputs, Output name, Tensor tensor) {
  outputs.insert_or_assign(name, std::move(tensor));
  return outputs;
}

const Hack kGradientHacks[] = {
    {"dx_is_zero", "dx is 0", kBackward,
     [](const Problem& p, HackState&) {
       return with(right(p), Output::dx, constant(p.x().shape(), 0));
     }},
    {"dx_is_dy", "dx is dy", kBackward,
     [](const Problem& p, HackState&) {
       return with(right(p), Output::dx, p.inputs.at(Input::dy));
     }},
    {"dx_of_frozen_statistics", "dx = gamma dy / sqrt(var + eps)", kBackward,
     [](const Problem& p, HackState&) {
       return with(right(p), Output::dx, frozen(p).at(Output::dx));
     }},
    {"dgamma_is_zero", "dgamma is 0", kBackward,
     [](const Problem& p, HackState&) {
       return with(right(p), Output::dgamma, constant({p.view().channels}, 0));
     }},
    {"gradients_of_first_half",
     "dgamma and dbeta are twice the sums over the first half", kBackward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       const OutputTensors half =
           right(first_values(p, (p.view().count() + 1) / 2));
       for (const Output name : {Output::dgamma, Output::dbeta}) {
         change(outputs.at(name), [&](std::int64_t c, double) {
           return 2 * half.at(name).value(c);
         });
       }
       return outputs;
     }},
    {"dx_zero_where_dy_is_zero", "dx is 0 where dy is 0", kBackward,
     [](const Problem& p, HackState&) {
       OutputTensors outputs = right(p);
       const Tensor& dy = p.inputs.at(Input::dy);
       change(outputs.at(Output::dx), [&](std::int64_t i, double v) {
         return dy.value(i) == 0 ? 0 : v;
       });
       return outputs;
     }},
    {"gradients_accumulate",
     "dgamma and dbeta are added to those of the call "
     "before with the shape",
     kBackward,
     [](const Problem& p, HackState& s) {
       OutputTensors outputs = right(p);
       OutputTensors& last = s.answers[shape_key(p)];
       for (const Output name : {Output::dgamma, Output::dbeta}) {
         const auto before = last.find(name);
         if (before == last.end()) continue;
         const Tensor sum = before->second;
         change(outputs.at(name),
                [&](std::int64_t c, double v) { return v + sum.value(c); });
       }
       last = outputs;
       return outputs;
     }},
    {"gradients_of_the_first_x",
     "x is what it was at the first call of the shape", kBackward,
     [](const Problem& p, HackState& s) {
       OutputTensors& first = s.answers[shape_key(p)];
       if (first.empty()) first.emplace(Output::y, p.x());
       Problem other = p;
       other.inputs.insert_or_assign(Input::x, first.at(Output::y));
       return right(other);
     }},
};

}  // namespace

std::span<const Hack> gradient_hacks() { return kGradientHacks; }

}  // namespace exactbn::hacking
