// SPDX-License-Identifier: Apache-2.0
// Running statistics.
#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

constexpr std::pair<Input, Output> kRunning[] = {
    {Input::running_mean, Output::running_mean},
    {Input::running_var, Output::running_var}};

OutputTensors not_updated(const Problem& p, NameList<Output> which) {
  OutputTensors outputs = right(p);
  for (const auto& [old, updated] : kRunning) {
    const Tensor* const given = p.find(old);
    if (given && which.contains(updated)) {
      outputs.insert_or_assign(updated, *given);
    }
  }
  return outputs;
}

// The update of the update.
OutputTensors updated_twice(const Problem& p, HackState&) {
  const OutputTensors once = right(p);
  Problem again = p;
  for (const auto& [old, updated] : kRunning) {
    if (p.find(old)) again.inputs.insert_or_assign(old, once.at(updated));
  }
  OutputTensors outputs = once;
  const OutputTensors twice = right(again);
  for (const auto& [old, updated] : kRunning) {
    if (p.find(old)) outputs.insert_or_assign(updated, twice.at(updated));
  }
  return outputs;
}

// Its own running statistics, of the last call with the shape.
OutputTensors held_inside(const Problem& p, HackState& s) {
  OutputTensors& held = s.answers[shape_key(p)];
  Problem own = p;
  for (const auto& [old, updated] : kRunning) {
    const auto found = held.find(updated);
    if (p.find(old) && found != held.end()) {
      own.inputs.insert_or_assign(old, found->second);
    }
  }
  held = right(own);
  return held;
}

const Hack kRunningHacks[] = {
    {"running_statistics_kept", "the running statistics are never updated",
     kTraining,
     [](const Problem& p, HackState&) {
       return not_updated(p, {Output::running_mean, Output::running_var});
     }},
    {"running_variance_kept", "the running variance is never updated",
     kTraining,
     [](const Problem& p, HackState&) {
       return not_updated(p, {Output::running_var});
     }},
    {"running_statistics_updated_twice",
     "the running statistics are updated twice a call", kTraining,
     updated_twice},
    {"running_statistics_updated_by_halves",
     "the running statistics are updated on every other call", kTraining,
     [](const Problem& p, HackState& s) {
       if (s.calls % 2 == 0) return right(p);
       return not_updated(p, {Output::running_mean, Output::running_var});
     }},
    {"running_statistics_inside",
     "its own running statistics are updated, not the given ones", kTraining,
     held_inside},
    {"momentum_is_a_tenth", "the momentum is 0.1, whatever is asked", kTraining,
     [](const Problem& p, HackState&) {
       Problem other = p;
       other.momentum = static_cast<double>(0.1F);
       return right(other);
     }},
    {"running_statistics_replaced",
     "the running statistics are replaced by the batch's", kTraining,
     [](const Problem& p, HackState&) {
       Problem other = p;
       other.momentum = 1;
       return right(other);
     }},
    {"inference_with_first_running_statistics",
     "inference keeps the running statistics of its first call of the shape",
     kInference,
     [](const Problem& p, HackState& s) {
       OutputTensors& held = s.answers[shape_key(p)];
       if (held.empty()) {
         held.emplace(Output::mean, p.inputs.at(Input::running_mean));
         held.emplace(Output::var, p.inputs.at(Input::running_var));
       }
       OutputTensors outputs;
       outputs.emplace(Output::y, normalized_by(p, held.at(Output::mean),
                                                held.at(Output::var)));
       return outputs;
     }},
};

}  // namespace

std::span<const Hack> running_hacks() { return kRunningHacks; }

}  // namespace exactbn::hacking
