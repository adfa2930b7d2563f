// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence/experiment.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace exactbn {

namespace {

constexpr std::int64_t kMostChannels = 16;
constexpr std::size_t kSample = 8;  // values that are compared

// Some of these values, the first and the last among them.
Indices sample(const Indices& all) {
  if (all.size() <= kSample) return all;
  Indices some;
  for (std::size_t k = 0; k < kSample; ++k) {
    some.push_back(all[k * (all.size() - 1) / (kSample - 1)]);
  }
  return some;
}

bool is_odd(const Effect& effect) {
  return effect.own.ignore() || effect.others.ignore() ||
         effect.all().stray > 0 || effect.reached;
}

Problem all_changed(const Problem& problem, Input input, Way way) {
  const Indices all = first_ones(problem.inputs.at(input).size());
  return changed(problem, input, all, way);
}
Problem all_changed(const Problem& problem, Parameter parameter, Way way) {
  return changed(problem, parameter, way).value_or(problem);
}

// What both effects say.
void join(Effect& effect, const Effect& second) {
  const auto both = [](Moves& a, const Moves& b) {
    a.due += b.due;
    a.seen += b.seen;
    a.stray = std::min(a.stray, b.stray);
  };
  both(effect.own, second.own);
  both(effect.others, second.others);
  if (!second.reached) effect.reached.reset();
}

}  // namespace

Indices first_ones(std::int64_t count) {
  Indices all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Indices channels_to_change(std::int64_t count) {
  Indices all = first_ones(count);
  if (count > kMostChannels) {
    all.erase(all.begin() + kMostChannels / 2, all.end() - kMostChannels / 2);
  }
  return all;
}

Experiment::Experiment(const Problem& problem, const OutputNames& outputs,
                       const Declaration& declaration, const AskAgain& ask,
                       const OutputTensors& answer)
    : problem_(problem),
      view_(problem.view()),
      outputs_(outputs),
      declaration_(declaration),
      ask_(ask),
      before_(problem, declaration, answer) {}

Indices Experiment::values_of(Input input, std::int64_t channel) const {
  if (!shaped_like_x(input)) return {channel};
  Indices all;
  view_.each_offset(channel, [&](std::int64_t i) { all.push_back(i); });
  return all;
}

std::optional<OutputTensors> Experiment::answer_to(
    const Problem& problem) const {
  return may_be_asked(declaration_, problem) ? ask_(problem) : std::nullopt;
}

Indices Experiment::always_nan(Output output) const {
  const auto before = before_.outputs().find(output);
  if (before == before_.outputs().end()) return {};
  Indices all;
  for (const std::int64_t i : first_ones(before->second.size())) {
    if (is_nan(before->second.bits(i), before->second.dtype()) &&
        before_.is_number(output, i)) {
      all.push_back(i);
    }
  }
  for (const Way way : {Way::up, Way::down}) {
    if (all.empty()) break;
    const auto answer = answer_to(all_changed(problem_, Input::x, way));
    if (!answer || !answer->contains(output)) return {};
    const Tensor& after = answer->at(output);
    if (after.shape() != before->second.shape()) return {};
    std::erase_if(all, [&](std::int64_t i) {
      return !is_nan(after.bits(i), after.dtype());
    });
  }
  return all;
}

template <class What>
bool Experiment::is_irrelevant(Output output, What what) const {
  Problem other = problem_;
  for (const auto& [input, tensor] : problem_.inputs) {
    other = all_changed(other, input, Way::up);
  }
  const Problem changed_once = all_changed(other, what, Way::down);
  const Answered before(other, declaration_, before_.outputs());
  const Answered after(changed_once, declaration_, before_.outputs());
  const std::int64_t size = before_.outputs().at(output).size();
  const Indices some = sample(first_ones(size));
  return std::none_of(some.begin(), some.end(), [&](std::int64_t i) {
    return before.moves(after, output, i).due > 0;
  });
}

template bool Experiment::is_irrelevant(Output, Input) const;
template bool Experiment::is_irrelevant(Output, Parameter) const;

template <class Change>
Effects Experiment::effects(const Change& change, bool like_x,
                            const Indices& values) const {
  Effects found;
  for (const Way way : {Way::up, Way::down}) {
    const std::optional<Problem> problem = change(way);
    if (!problem) return {};
    const std::optional<OutputTensors> answer = answer_to(*problem);
    if (!answer) return {};
    const Answered after(*problem, declaration_, *answer);
    bool odd = false;
    for (const Output output : outputs_) {
      if (!before_.outputs().contains(output)) continue;
      const Effect effect = effect_on(output, after, like_x, values);
      odd = odd || is_odd(effect);
      if (way == Way::up) {
        found[output] = effect;
      } else {
        join(found[output], effect);
      }
    }
    if (!odd) break;
  }
  return found;
}

Effects Experiment::of(Input input, const Indices& values) const {
  return effects(
      [&](Way way) {
        return std::optional(changed(problem_, input, values, way));
      },
      shaped_like_x(input), values);
}

Effects Experiment::of_all(Input input) const {
  return effects(
      [&](Way way) { return std::optional(all_changed(problem_, input, way)); },
      shaped_like_x(input), {});
}

Effects Experiment::of(Parameter parameter) const {
  return effects([&](Way way) { return changed(problem_, parameter, way); },
                 false, {});
}

Effect Experiment::effect_on(Output output, const Answered& after, bool like_x,
                             const Indices& values) const {
  Effect effect;
  const auto moves_of = [&](const Indices& places) {
    Moves all;
    for (const std::int64_t i : sample(places)) {
      all += before_.moves(after, output, i);
    }
    return all;
  };
  if (values.empty()) {
    effect.others = moves_of(first_ones(before_.outputs().at(output).size()));
    return effect;
  }
  const std::int64_t channel =
      like_x ? view_.channel(values.front()) : values.front();
  if (!shaped_like_x(output)) {
    effect.others = moves_of({channel});
    effect.gain = before_.gain(after, output, channel);
  } else {
    Indices rest = values_of(Input::x, channel);
    if (like_x) {
      effect.own = moves_of(values);
      Indices others;
      std::set_difference(rest.begin(), rest.end(), values.begin(),
                          values.end(), std::back_inserter(others));
      rest = std::move(others);
    }
    effect.others = moves_of(rest);
  }
  for (const std::int64_t c : channels_to_change(view_.channels)) {
    if (c == channel || effect.reached) continue;
    const Indices there =
        shaped_like_x(output) ? values_of(Input::x, c) : Indices{c};
    if (moves_of(there).stray > 0) effect.reached = c;
  }
  return effect;
}

}  // namespace exactbn
