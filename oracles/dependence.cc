// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "oracles/dependence/experiment.h"
#include "oracles/dependence/places.h"
#include "oracles/explain/listed.h"
#include "oracles/format_names.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Of a channel with more, slices are changed.
constexpr std::int64_t kMostPlaces = 128;
// Weights may differ by this much through rounding alone, in short formats.
constexpr double kAlike = 0.25;

// What is wrong, by output.
using Lines = std::vector<std::pair<Output, std::string>>;

// Whether the output is a linear function of the input, with equal weights up
// to the exact ones.
bool is_linear(Output output, Input input) {
  return input == Input::x
             ? output == Output::mean || output == Output::running_mean
             : input == Input::dy && !shaped_like_x(output);
}

class Search {
 public:
  explicit Search(const Experiment& experiment)
      : experiment_(experiment),
        problem_(experiment_.problem()),
        view_(experiment_.view()) {}

  Lines lines() {
    nan();
    everything();
    for (const Input input : inputs_of(problem_.operation)) {
      if (!problem_.find(input)) continue;
      by_channel(input);
      if (!shaped_like_x(input)) continue;
      if (view_.count() <= kMostPlaces) {
        by_place(input);
      } else {
        by_slice(input);
        tail(input);
      }
    }
    return std::move(lines_);
  }

 private:
  template <class... Args>
  void tell(Output output, fmt::format_string<Args...> text, Args&&... args) {
    lines_.emplace_back(output, fmt::format(text, std::forward<Args>(args)...));
  }

  void nan() {
    for (const Output output : experiment_.outputs()) {
      const Indices at = experiment_.always_nan(output);
      if (at.empty()) continue;
      const Indices all = first_ones(element_count(shape_of(problem_, output)));
      tell(output, "{} of {} values are NaN whatever x is{}", at.size(),
           all.size(),
           shaped_like_x(output) ? places_text(problem_, all, at)
                                 : ": " + channels_text(at, view_.channels));
    }
  }

  // Whole inputs, and parameters.
  void everything() {
    std::map<Output, std::vector<std::string_view>> ignored;
    std::set<Output> use_some;
    const auto note = [&](std::string_view name, auto what,
                          const Effects& effects) {
      for (const auto& [output, effect] : effects) {
        const Moves moves = effect.all();
        if (moves.ignore()) ignored[output].push_back(name);
        if (moves.seen > 0) use_some.insert(output);
        if (moves.due == 0 && moves.stray > 0 &&
            experiment_.is_irrelevant(output, what)) {
          tell(output, "{} matters, but should not", name);
          told_.insert({output, name});
        }
        if (moves.ignore()) told_.insert({output, name});
      }
    };
    for (const Input input : inputs_of(problem_.operation)) {
      if (problem_.find(input)) {
        note(to_string(input), input, experiment_.of_all(input));
      }
    }
    note("epsilon", Parameter::epsilon, experiment_.of(Parameter::epsilon));
    note("momentum", Parameter::momentum, experiment_.of(Parameter::momentum));
    note("batches_tracked", Parameter::batches_tracked,
         experiment_.of(Parameter::batches_tracked));
    for (const auto& [output, names] : ignored) {
      if (use_some.contains(output)) {
        tell(output, "{} {} ignored", fmt::join(names, ", "),
             names.size() == 1 ? "is" : "are");
      } else {
        tell(output, "all inputs are ignored");
      }
    }
  }

  bool is_told(Output output, Input input) const {
    return told_.contains({output, to_string(input)});
  }

  // One channel of an input after the other.
  void by_channel(Input input) {
    std::map<Output, Indices> ignored;
    // The channels of the input that matter in others, and the first of those.
    std::map<Output, Indices> sources;
    std::map<Output, std::int64_t> target;
    const Indices channels = channels_to_change(view_.channels);
    for (const std::int64_t c : channels) {
      for (const auto& [output, effect] :
           experiment_.of(input, experiment_.values_of(input, c))) {
        if (effect.all().ignore()) ignored[output].push_back(c);
        if (!effect.reached) continue;
        sources[output].push_back(c);
        target.emplace(output, *effect.reached);
      }
    }
    for (const auto& [output, from] : sources) {
      if (from.size() == channels.size()) {
        tell(output,
             "{} of other channels matters: that of channel {} in channel {}",
             input, from.front(), target[output]);
      } else {
        tell(output, "{} of {} matters in other channels", input,
             listed("channel", from));
      }
    }
    for (const auto& [output, in] : ignored) {
      if (is_told(output, input)) continue;
      tell(
          output, "{} is ignored in {}", input,
          channels_text(with_gap(output, input, channels, in), view_.channels));
    }
    ignored_ = std::move(ignored);
  }

  // The ignored channels, with those of the gap in `channels` if the last ones
  // are ignored: from which on, is found by bisection.
  Indices with_gap(Output output, Input input, const Indices& channels,
                   Indices ignored) const {
    const auto gap = std::adjacent_find(
        channels.begin(), channels.end(),
        [](std::int64_t a, std::int64_t b) { return b > a + 1; });
    if (gap == channels.end() || ignored.front() != *(gap + 1)) return ignored;
    std::int64_t used = *gap;
    std::int64_t first = ignored.front();
    while (first - used > 1) {
      const std::int64_t c = used + (first - used) / 2;
      const Effects effects =
          experiment_.of(input, experiment_.values_of(input, c));
      const auto found = effects.find(output);
      if (found == effects.end()) return ignored;
      (found->second.all().ignore() ? first : used) = c;
    }
    Indices all;
    for (std::int64_t c = first; c < ignored.front(); ++c) all.push_back(c);
    all.insert(all.end(), ignored.begin(), ignored.end());
    return all;
  }

  // The values of a channel that some output does not ignore altogether.
  Indices places(Input input) const {
    std::int64_t channel = 0;
    const auto is_ignored = [&](const auto& entry) {
      return std::binary_search(entry.second.begin(), entry.second.end(),
                                channel);
    };
    while (channel + 1 < view_.channels &&
           std::any_of(ignored_.begin(), ignored_.end(), is_ignored)) {
      ++channel;
    }
    return experiment_.values_of(input, channel);
  }

  // One value of a channel after the other.
  void by_place(Input input) {
    const Indices all = places(input);
    if (all.size() < 2) return;
    std::map<Output, Indices> by_others;  // ignore it
    std::map<Output, Indices> by_own;     // the value at the same place does
    std::set<Output> astray;
    std::map<Output, std::map<std::int64_t, double>> gains;
    for (const std::int64_t i : all) {
      for (const auto& [output, effect] : experiment_.of(input, {i})) {
        if (is_told(output, input)) continue;
        if (effect.others.ignore()) by_others[output].push_back(i);
        if (effect.own.ignore()) by_own[output].push_back(i);
        if (effect.others.stray > 0) astray.insert(output);
        if (effect.gain && is_linear(output, input)) {
          gains[output][i] = *effect.gain;
        }
      }
    }
    for (const auto& [output, at] : by_others) {
      if (at.size() == all.size()) {
        tell(output, "single values of {} are ignored", input);
      } else {
        tell(output, "{} of {} values of {} in a channel are ignored{}",
             at.size(), all.size(), input, places_text(problem_, all, at));
      }
    }
    for (const auto& [output, at] : by_own) {
      tell(output, "{} of the same place is ignored at {} of {} places{}",
           input, at.size(), all.size(), places_text(problem_, all, at));
    }
    for (const Output output : astray) {
      tell(output, "{} of other places matters", input);
    }
    for (const auto& [output, of] : gains) weights(output, input, all, of);
  }

  // Values of an input that count more or less than most others.
  void weights(Output output, Input input, const Indices& all,
               const std::map<std::int64_t, double>& gains) {
    std::vector<double> sorted;
    sorted.reserve(gains.size());
    for (const auto& [i, gain] : gains) sorted.push_back(gain);
    std::sort(sorted.begin(), sorted.end());
    const double usual = sorted[sorted.size() / 2];
    Indices odd;
    double sum = 0;
    for (const auto& [i, gain] : gains) {
      if (gain == 0 || std::abs(gain - usual) <= kAlike * std::abs(usual)) {
        continue;
      }
      odd.push_back(i);
      sum += gain / usual;
    }
    if (gains.size() < all.size() || 2 * odd.size() >= all.size()) return;
    if (odd.empty() || usual == 0) return;
    tell(output,
         "{} of {} values of {} in a channel weigh {:.3g} times as much{}",
         odd.size(), all.size(), input, sum / static_cast<double>(odd.size()),
         places_text(problem_, all, odd));
  }

  // All values of a channel with one index, after those with another.
  void by_slice(Input input) {
    const Indices all = places(input);
    const Shape& shape = problem_.x().shape();
    std::int64_t step = problem_.x().size();
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      step /= shape[axis];
      const bool is_channel = static_cast<int>(axis) == problem_.channel_axis;
      if (is_channel || shape[axis] < 2 || shape[axis] > kMostPlaces) continue;
      std::map<Output, Indices> ignored;
      for (std::int64_t k = 0; k < shape[axis]; ++k) {
        Indices slice;
        std::copy_if(
            all.begin(), all.end(), std::back_inserter(slice),
            [&](std::int64_t i) { return i / step % shape[axis] == k; });
        for (const auto& [output, effect] : experiment_.of(input, slice)) {
          if (is_told(output, input)) continue;
          if (effect.others.ignore()) ignored[output].push_back(k);
        }
      }
      for (const auto& [output, at] : ignored) {
        tell(output, "{} is ignored at {} of axis {}, of {}", input,
             listed("index", at), axis, shape[axis]);
      }
    }
  }

  // The last values of a channel, if they are ignored together.
  void tail(Input input) {
    const Indices all = places(input);
    const auto ignores = [&](std::size_t first) {
      std::set<Output> outputs;
      for (const auto& [output, effect] : experiment_.of(
               input, Indices(all.begin() + static_cast<std::ptrdiff_t>(first),
                              all.end()))) {
        if (effect.others.ignore() && !is_told(output, input)) {
          outputs.insert(output);
        }
      }
      return outputs;
    };
    std::size_t used = 0;
    std::size_t first = all.size() - 1;
    std::set<Output> outputs = ignores(first);
    while (!outputs.empty() && first - used > 1) {
      const std::size_t middle = used + (first - used) / 2;
      std::set<Output> found = ignores(middle);
      if (found.empty()) {
        used = middle;
      } else {
        first = middle;
        outputs = std::move(found);
      }
    }
    for (const Output output : outputs) {
      const Indices last(all.begin() + static_cast<std::ptrdiff_t>(first),
                         all.end());
      tell(output, "{} of {} values of {} in a channel are ignored{}",
           last.size(), all.size(), input, places_text(problem_, all, last));
    }
  }

  const Experiment& experiment_;
  const Problem& problem_;
  ChannelView view_;
  // Outputs that ignore all of an input, or depend on one that is not theirs.
  std::set<std::pair<Output, std::string_view>> told_;
  std::map<Output, Indices> ignored_;  // channels of the current input
  Lines lines_;
};

}  // namespace

std::vector<Dependence> wrong_dependences(const Case& c,
                                          const OutputNames& outputs,
                                          const Declaration& declaration,
                                          const AskAgain& ask) {
  const StandardEnvironment environment;
  const std::optional<OutputTensors> answer = ask(c.problem);
  if (!answer || ask(c.problem) != answer) return {};
  const Experiment experiment(c.problem, outputs, declaration, ask, *answer);
  std::vector<Dependence> all;
  for (auto& [output, line] : Search(experiment).lines()) {
    const std::string& what = line;
    const auto same =
        std::find_if(all.begin(), all.end(),
                     [&](const Dependence& d) { return d.what == what; });
    if (same != all.end()) {
      same->outputs.insert(output);
    } else {
      all.push_back({c.problem.operation, {output}, what, c.id});
    }
  }
  return all;
}

}  // namespace exactbn
