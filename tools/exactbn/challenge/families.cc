// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge/families.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "golden/vector/sha256.h"
#include "tools/exactbn/challenge/draft.h"

namespace exactbn {

namespace {

bool always(const Paper&, const Declaration&) { return true; }

bool has_statistics(const Paper& paper, const Declaration&) {
  return normalizes_by_batch(paper.operation);
}

bool has_gradients(const Paper& paper, const Declaration&) {
  return inputs_of(paper.operation).contains(Input::dy) ||
         traits(paper.operation).direction.has_value();
}

bool has_running(const Paper& paper, const Declaration& declaration) {
  return paper.operation == Operation::forward_training &&
         (offers(declaration, paper.operation, Output::running_mean) ||
          offers(declaration, paper.operation, Output::running_var));
}

std::uint64_t as_many(const ChallengeSettings& settings) {
  return settings.cases;
}
// At least one of each kind of twins, and then more of the closest.
std::uint64_t twins(const ChallengeSettings& settings) {
  return std::max(settings.cases * 3 / 2, std::uint64_t{12});
}
std::uint64_t many(const ChallengeSettings& settings) {
  return 16 * settings.cases;
}
std::uint64_t quarter(const ChallengeSettings& settings) {
  return (settings.cases + 3) / 4;
}
std::uint64_t four(const ChallengeSettings&) { return 4; }

Problem everyday(Draw& draw, const Exercise& exercise, int, const Problem*) {
  return Draft(draw, exercise, draw_everyday(draw, exercise)).finish();
}

// C and m at powers of 2, one below and one above.
Problem sizes(Draw& draw, const Exercise& exercise, int, const Problem*) {
  constexpr std::array kPowers = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  const bool of_m = exercise.index % 2 == 0;
  const std::int64_t power = pick(draw, kPowers);
  const std::int64_t least = of_m ? 2 : 1;
  const std::int64_t size = std::max(least, power + draw_int(draw, -1, 1));
  const std::int64_t other = of_m ? draw_int(draw, 1, 4) : draw_int(draw, 2, 9);
  const Layout layout = of_m ? draw_layout(draw, exercise, other, size)
                             : draw_layout(draw, exercise, size, other);
  return Draft(draw, exercise, layout).finish();
}

// A few values. Whoever is right for so many calls only is wrong in the rest of
// the questions, which are among these.
Problem calls(Draw& draw, const Exercise& exercise, int, const Problem*) {
  const std::int64_t channels = draw_int(draw, 1, 3);
  const std::int64_t m = draw_int(draw, 2, 4);
  return Draft(draw, exercise, draw_layout(draw, exercise, channels, m))
      .finish();
}

// The channels on any axis; in every third case all extents are alike, so that
// only the axis tells where the channels are.
Problem layouts(Draw& draw, const Exercise& exercise, int, const Problem*) {
  if (exercise.index % 3 == 1) {
    Layout layout = draw_layout(draw, exercise, 2, 4, draw.below(2) == 0);
    const std::int64_t extent = draw_int(draw, 3, 4);
    std::fill(layout.shape.begin(), layout.shape.end(), extent);
    return Draft(draw, exercise, layout).finish();
  }
  const std::int64_t channels = draw_int(draw, 2, 12);
  const std::int64_t m = draw_int(draw, 2, 60);
  return Draft(draw, exercise, draw_layout(draw, exercise, channels, m, true))
      .finish();
}

// Channels that are constant, alike, of few values, in order, or with an
// outlier. They are short: sums of equal values round alike, which is no fault
// of a kernel.
Problem channels(Draw& draw, const Exercise& exercise, int, const Problem*) {
  const std::int64_t m = draw_int(draw, 8, 60);
  Draft draft(draw, exercise,
              draw_layout(draw, exercise, draw_int(draw, 4, 8), m));
  for (std::int64_t c = 1; c < draft.channels(); ++c) {
    const double level = draw.normal();
    const std::int64_t place = draw_int(draw, 0, m - 1);
    const double outlier = draw_signed_power(draw, 4, 6);
    Problem& p = draft.problem();
    const ChannelView view = p.view();
    const Tensor& x = p.x();
    const auto first = [&](std::int64_t k) {
      return x.value(view.offset(0, k));
    };
    switch ((exercise.index + static_cast<std::uint64_t>(c)) % 7) {
      case 0:  // constant
        draft.set_channel(Input::x, c,
                          [&](std::int64_t, double) { return level; });
        break;
      case 1:  // of two values
        draft.set_channel(Input::x, c, [&](std::int64_t k, double) {
          return k % 3 == 0 ? level : -level;
        });
        break;
      case 2:  // channel 0, but for its last value
        draft.set_channel(Input::x, c, [&](std::int64_t k, double) {
          return k + 1 < m ? first(k) : first(k) + 2;
        });
        break;
      case 3:  // ascending
        draft.set_channel(Input::x, c, [&](std::int64_t k, double) {
          return level + 4 * static_cast<double>(k) / static_cast<double>(m);
        });
        break;
      case 4:
        draft.set_channel(Input::x, c, [&](std::int64_t k, double was) {
          return k == place ? outlier : was;
        });
        break;
      case 5:  // zero
        draft.set_channel(Input::x, c,
                          [](std::int64_t, double) { return 0.0; });
        break;
      default:  // channel 0 in another order
        draft.set_channel(Input::x, c, [&](std::int64_t k, double) {
          return first(m - 1 - k);
        });
    }
  }
  return draft.finish();
}

// log2 of the largest mean, in deviations, and of the scales of x: what the
// format holds without losing the deviation, and no intermediate leaves its
// range.
struct Reach {
  int mean;
  int low;
  int high;
};
Reach reach_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return {20, -40, 40};
    case DType::f32:
      return {10, -8, 12};
    case DType::bf16:
      return {4, -8, 12};
    case DType::f16:
      return {5, -4, 5};
    case DType::f8e5m2:
      return {0, -3, 4};
    default:
      return {1, -1, 3};
  }
}

// A mean far from 0.
Problem means(Draw& draw, const Exercise& exercise, int, const Problem*) {
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  const Reach reach = reach_of(draft.dtype());
  for (std::int64_t c = 0; c < draft.channels(); ++c) {
    const double mean = draw_signed_power(draw, 0, reach.mean);
    draft.set_channel(Input::x, c,
                      [&](std::int64_t, double was) { return was + mean; });
  }
  return draft.finish();
}

// Each channel at a scale of its own.
Problem scales(Draw& draw, const Exercise& exercise, int, const Problem*) {
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  const Reach reach = reach_of(draft.dtype());
  for (std::int64_t c = 0; c < draft.channels(); ++c) {
    const double scale = draw_power(draw, reach.low, reach.high);
    draft.set_channel(Input::x, c,
                      [&](std::int64_t, double was) { return was * scale; });
  }
  return draft.finish();
}

// Channels whose mean and variance are nearly 0 and 1.
Problem standard(Draw& draw, const Exercise& exercise, int, const Problem*) {
  const std::int64_t m = draw_int(draw, 8, 100);
  Draft draft(draw, exercise,
              draw_layout(draw, exercise, draw_int(draw, 2, 8), m));
  const ChannelView view = draft.problem().view();
  for (std::int64_t c = 0; c < draft.channels(); ++c) {
    const Tensor& x = draft.problem().x();
    double mean = 0;
    view.each_offset(c, [&](std::int64_t i) { mean += x.value(i); });
    mean /= static_cast<double>(m);
    double var = 0;
    view.each_offset(c, [&](std::int64_t i) {
      var += (x.value(i) - mean) * (x.value(i) - mean);
    });
    var /= static_cast<double>(m);
    const double shift = draw_signed_power(draw, -10, -4);
    const double scale =
        (1 + draw_signed_power(draw, -10, -4)) / std::sqrt(var);
    draft.set_channel(Input::x, c, [&](std::int64_t, double was) {
      return (was - mean) * scale + shift;
    });
  }
  return draft.finish();
}

// gamma and beta 1, 0, negative, large, small, absent; and only the first
// channel's.
Problem parameters(Draw& draw, const Exercise& exercise, int, const Problem*) {
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  const auto gamma = [&](auto value) {
    draft.set_parameter(Input::gamma, value);
  };
  const auto beta = [&](auto value) {
    draft.set_parameter(Input::beta, value);
  };
  const double usual = draw.between(0.5, 1.5);
  const double sign = draw.sign();
  const auto any = [&](std::int64_t) { return draw.normal(); };
  switch (exercise.index % 12) {
    case 0:
      gamma([](std::int64_t) { return 1.0; });
      break;
    case 1:
      gamma([&](std::int64_t c) { return c == 0 ? 1 : draw.normal(); });
      beta([&](std::int64_t c) { return c == 0 ? 0 : draw.normal(); });
      break;
    case 2:
      gamma([&](std::int64_t c) { return c % 2 == 0 ? 0 : draw.normal(); });
      break;
    case 3:
      gamma([](std::int64_t) { return -1.0; });
      beta([](std::int64_t) { return 0.0; });
      break;
    case 4:
      gamma(
          [&](std::int64_t) { return usual * draw_signed_power(draw, 3, 6); });
      break;
    case 5:
      gamma([&](std::int64_t) { return usual * draw_power(draw, -14, -3); });
      beta(any);
      break;
    case 6:
      draft.erase(Input::gamma);
      break;
    case 7:
      draft.erase(Input::beta);
      break;
    case 8:
      draft.erase(Input::gamma);
      draft.erase(Input::beta);
      break;
    case 9:  // equal, and not 1
      gamma([&](std::int64_t) { return sign * usual; });
      beta([&](std::int64_t) { return usual; });
      break;
    case 10:  // 1 and 0, but for the last
      gamma([&](std::int64_t c) {
        return c + 1 < draft.channels() ? 1 : -usual;
      });
      beta(
          [&](std::int64_t c) { return c + 1 < draft.channels() ? 0 : usual; });
      break;
    default:
      gamma(any);
      beta([&](std::int64_t) { return 8 * draw.normal(); });
  }
  return draft.finish();
}

// epsilon from 0 to 4, against variances of many sizes.
Problem epsilon(Draw& draw, const Exercise& exercise, int, const Problem*) {
  constexpr std::array kEpsilons = {
      0.0,    static_cast<double>(1e-12F), 0x1p-30, static_cast<double>(1e-8F),
      0x1p-7, static_cast<double>(1e-3F),  0.0625,  1.0,
      4.0};
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  draft.problem().epsilon =
      kEpsilons[(exercise.index + draw.below(2)) % kEpsilons.size()];
  const int low = std::max(reach_of(draft.dtype()).low, -6);
  for (std::int64_t c = 0; c < draft.channels(); ++c) {
    const double scale = draw_power(draw, low, 1);
    draft.set_channel(Input::x, c,
                      [&](std::int64_t, double was) { return was * scale; });
  }
  return draft.finish();
}

// Every weight, running statistics that are 0 or far from the batch's, and the
// cumulative average.
Problem momentum(Draw& draw, const Exercise& exercise, int, const Problem*) {
  constexpr std::array kWeights = {0.0, 1.0, 0.984375, 0.015625, 0.5, 0.875};
  constexpr std::array<std::int64_t, 4> kTracked = {0, 1, 7, 127};
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  Problem& p = draft.problem();
  const std::uint64_t kind = exercise.index % 8;
  if (kind < kWeights.size()) {
    p.momentum = kWeights[kind];
  } else if (kind == 6) {
    p.momentum = std::nullopt;
    p.batches_tracked = pick(draw, kTracked);
  }
  switch (draw.below(3)) {
    case 0:
      draft.set_parameter(Input::running_mean,
                          [](std::int64_t) { return 0.0; });
      draft.set_parameter(Input::running_var, [](std::int64_t) { return 0.0; });
      break;
    case 1:
      draft.set_parameter(Input::running_mean, [&](std::int64_t) {
        return draw_signed_power(draw, 2, 5);
      });
      draft.set_parameter(Input::running_var, [&](std::int64_t) {
        return draw_power(draw, -4, 5);
      });
      break;
    default:
      break;
  }
  return draft.finish();
}

// log2 of small gradients.
int least_of_dy(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return -40;
    case DType::f32:
    case DType::bf16:
      return -16;
    case DType::f16:
      return -8;
    default:
      return -3;
  }
}

// dy and the directions as layers make them: zeros of a ReLU, one loss, a
// constant, a mean, the shape of x, small.
Problem gradients(Draw& draw, const Exercise& exercise, int, const Problem*) {
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  const Problem& p = draft.problem();
  const Tensor x = p.x();
  const ChannelView view = p.view();
  for (const Input name : {Input::dy, Input::x_dot, Input::ddx}) {
    if (!draft.has(name)) continue;
    for (std::int64_t c = 0; c < draft.channels(); ++c) {
      // Sums of a constant are exact: equal terms round alike, and long sums of
      // them in order stall, which is no fault of a kernel.
      const double level = std::nearbyint(16 * draw.normal()) / 16;
      const std::int64_t place = draw_int(draw, 0, draft.m() - 1);
      switch ((exercise.index + static_cast<std::uint64_t>(c)) % 7) {
        case 0:
          draft.set_channel(name, c, [](std::int64_t, double was) {
            return std::max(was, 0.0);
          });
          break;
        case 1:
          draft.set_channel(name, c, [&](std::int64_t k, double was) {
            return k == place ? was : 0;
          });
          break;
        case 2:
          draft.set_channel(name, c,
                            [&](std::int64_t, double) { return level; });
          break;
        case 3:
          draft.set_channel(name, c, [&](std::int64_t, double was) {
            return was + 8 * level;
          });
          break;
        case 4:
          draft.set_channel(name, c, [&](std::int64_t k, double) {
            return x.value(view.offset(c, k));
          });
          break;
        case 5:
          draft.set_channel(name, c, [](std::int64_t, double) { return 0.0; });
          break;
        default:
          draft.set_channel(name, c, [&](std::int64_t, double was) {
            return std::ldexp(was, least_of_dy(draft.dtype()));
          });
      }
    }
  }
  return draft.finish();
}

// What differs between two questions of a case of `memory`.
enum class Twin : std::uint8_t {
  all_values,  // in the same shape
  last_x,
  one_x,
  order_of_x,  // two values of a channel are exchanged
  gamma,
  beta,
  running,
  epsilon,
  momentum,
  one_of_dy,
  parameters_of_direction,
  layout,  // the same values in another shape
};

std::vector<Twin> twins_of(const Problem& p) {
  std::vector<Twin> all = {Twin::all_values, Twin::last_x,  Twin::one_x,
                           Twin::order_of_x, Twin::epsilon, Twin::gamma,
                           Twin::layout};
  const auto if_there = [&](Input name, Twin twin) {
    if (p.find(name)) all.push_back(twin);
  };
  if_there(Input::beta, Twin::beta);
  if_there(Input::running_mean, Twin::running);
  if_there(Input::dy, Twin::one_of_dy);
  if_there(Input::gamma_dot, Twin::parameters_of_direction);
  if_there(Input::ddgamma, Twin::parameters_of_direction);
  if (p.operation == Operation::forward_training) all.push_back(Twin::momentum);
  return all;
}

Twin twin_of(const Problem& p, const Exercise& exercise) {
  const std::vector<Twin> all = twins_of(p);
  if (exercise.index < all.size()) return all[exercise.index];
  constexpr std::array kClosest = {Twin::one_x, Twin::order_of_x};
  const bool has_dy = p.find(Input::dy) && exercise.index % 3 == 0;
  return has_dy ? Twin::one_of_dy : kClosest[exercise.index % 2];
}

// Whether the values of the question are those of another layout, too.
bool has_other_layout(const Problem& p) {
  return p.channel_axis == 1 && p.x().shape().size() > 2;
}

// Other values, with the question as it is.
class TwinMaker {
 public:
  TwinMaker(Draw& draw, Problem problem)
      : draw_(draw), problem_(std::move(problem)) {}

  Problem make(Twin twin, const Problem& fresh) && {
    switch (twin) {
      case Twin::all_values:
        return fresh;
      case Twin::last_x:
        move_value(Input::x, problem_.x().size() - 1);
        break;
      case Twin::one_x:
        move_value(Input::x, draw_int(draw_, 0, problem_.x().size() - 1));
        break;
      case Twin::order_of_x:
        exchange();
        break;
      case Twin::gamma:
        take(fresh, {Input::gamma});
        break;
      case Twin::beta:
        take(fresh, {Input::beta});
        break;
      case Twin::running:
        take(fresh, {Input::running_mean, Input::running_var});
        break;
      case Twin::epsilon:
        problem_.epsilon = 0.0625;
        break;
      case Twin::momentum:
        problem_.momentum = 0.75;
        break;
      case Twin::one_of_dy:
        move_value(Input::dy, draw_int(draw_, 0, problem_.x().size() - 1));
        break;
      case Twin::parameters_of_direction:
        take(fresh, {Input::gamma_dot, Input::beta_dot, Input::ddgamma,
                     Input::ddbeta});
        break;
      case Twin::layout:
        if (!has_other_layout(problem_)) return fresh;
        move_channels();
        break;
    }
    return std::move(problem_);
  }

 private:
  void move_value(Input name, std::int64_t i) {
    Tensor& tensor = problem_.inputs.at(name);
    const double was = tensor.value(i);
    tensor.set_bits(i, round_to(was < 0 ? was + 3 : was - 3, tensor.dtype()));
  }

  void exchange() {
    Tensor& x = problem_.inputs.at(Input::x);
    const ChannelView view = problem_.view();
    const std::int64_t c = draw_int(draw_, 0, view.channels - 1);
    const std::int64_t i = view.offset(c, 0);
    const std::int64_t j = view.offset(c, draw_int(draw_, 1, view.count() - 1));
    const std::uint64_t bits = x.bits(i);
    x.set_bits(i, x.bits(j));
    x.set_bits(j, bits);
  }

  void move_channels() {
    const ChannelView view = problem_.view();
    Shape shape(problem_.x().shape().size(), 1);
    shape[1] = view.channels;
    // All values of a channel lie side by side, or none do.
    shape[view.inner == 1 ? 2 : 0] = view.count();
    for (auto& [name, tensor] : problem_.inputs) {
      if (!shaped_like_x(name)) continue;
      Tensor other(tensor.dtype(), shape);
      std::copy(tensor.bytes().begin(), tensor.bytes().end(),
                other.bytes().begin());
      tensor = std::move(other);
    }
  }

  void take(const Problem& from, NameList<Input> names) {
    for (const Input name : names) {
      if (!problem_.find(name)) continue;
      problem_.inputs.at(name) = from.inputs.at(name);
    }
  }

  Draw& draw_;
  Problem problem_;
};

// A question; the same with something changed, in the same memory; and the
// first one again, elsewhere.
Problem memory(Draw& draw, const Exercise& exercise, int part,
               const Problem* base) {
  if (part == 2) return *base;
  if (part == 0) {
    Problem first = everyday(draw, exercise, part, base);
    for (int attempt = 0; attempt < 16; ++attempt) {
      if (twin_of(first, exercise) != Twin::layout || has_other_layout(first)) {
        break;
      }
      first =
          Draft(draw, exercise, draw_layout(draw, exercise, 5, 24)).finish();
    }
    return first;
  }
  const Layout layout = {base->x().shape(), base->channel_axis};
  const Problem fresh = Draft(draw, exercise, layout).finish();
  return TwinMaker(draw, *base).make(twin_of(*base, exercise), fresh);
}

constexpr int kSteps = 5;

// Steps of training from usual running statistics, each with those of the
// answer before; then inference with the last ones, if it is declared.
Problem state(Draw& draw, const Exercise& exercise, int part,
              const Problem* base) {
  if (!base) {
    Draft draft(draw, exercise, draw_everyday(draw, exercise));
    draft.set_parameter(Input::running_mean, [](std::int64_t) { return 0.0; });
    draft.set_parameter(Input::running_var, [](std::int64_t) { return 1.0; });
    return draft.finish();
  }
  const Layout layout = {base->x().shape(), base->channel_axis};
  Draft draft(draw, exercise, layout);
  Problem& p = draft.problem();
  p.momentum = base->momentum;
  for (const Input name :
       {Input::gamma, Input::beta, Input::running_mean, Input::running_var}) {
    p.inputs.insert_or_assign(name, base->inputs.at(name));
  }
  if (part == kSteps) {
    Problem inference = p;
    inference.operation = Operation::forward_inference;
    if (!why_unsupported(exercise.declaration, inference)) return inference;
  }
  return draft.finish();
}

// Many values a channel, many channels, an image as networks have it; and the
// first one again, but for its last values.
Problem large(Draw&, const Exercise& exercise, int, const Problem*) {
  const std::uint64_t kind = exercise.index % 3;
  Draw draw =
      stream(exercise.seed,
             fmt::format("large {} {} {}", to_string(exercise.paper.operation),
                         format(exercise.paper.dtype).name, kind));
  const std::int64_t values = exercise.settings.large;
  std::int64_t channels = 2;
  if (kind == 1) {
    // As many channels as values of each, or 32 times as many.
    channels =
        static_cast<std::int64_t>(std::sqrt(static_cast<double>(values) * 32));
    channels = std::min(channels, values / 2) + draw_int(draw, 0, 3);
  } else if (kind == 2) {
    channels = 32 + draw_int(draw, 0, 2);
  } else {
    channels = draw_int(draw, 1, 2);
  }
  const std::int64_t m =
      std::max<std::int64_t>(2, values / channels - draw_int(draw, 0, 9));
  Problem problem =
      Draft(draw, exercise, draw_layout(draw, exercise, channels, m)).finish();
  if (exercise.index == kind) return problem;
  for (auto& [name, tensor] : problem.inputs) {
    const double was = tensor.value(tensor.size() - 1);
    tensor.set_bits(tensor.size() - 1,
                    round_to(was < 0 ? was - 1 : was + 1, tensor.dtype()));
  }
  return problem;
}

// One NaN. It makes all of its channel NaN that depends on it, and nothing
// else: who hides NaN hides errors.
Problem nan(Draw& draw, const Exercise& exercise, int, const Problem*) {
  Draft draft(draw, exercise, draw_everyday(draw, exercise));
  Problem& p = draft.problem();
  InputNames names;
  for (const auto& [name, tensor] : p.inputs) {
    if (shaped_like_x(name)) names.push_back(name);
  }
  Tensor& tensor = p.inputs.at(names[exercise.index % names.size()]);
  tensor.set_bits(draw_int(draw, 0, tensor.size() - 1),
                  format(tensor.dtype()).quiet_nan());
  return draft.finish();
}

// `memory`, `state` and `large` weigh most: what they find, other tests miss.
constexpr std::array kFamilies = {
    Family{"everyday", "a few shapes that come again, normal data", 1, always,
           1, as_many, everyday},
    Family{"sizes", "channels and values at, below and above powers of 2", 1,
           always, 1, as_many, sizes},
    Family{"layouts", "the channels on every declared axis", 1, always, 1,
           as_many, layouts},
    Family{"channels", "constant, equal and sorted channels, outliers", 1,
           has_statistics, 1, as_many, channels},
    Family{"means", "a mean far above the deviation", 1, always, 1, as_many,
           means},
    Family{"scales", "each channel at a scale of its own", 1, always, 1,
           as_many, scales},
    Family{"standard", "mean and variance nearly 0 and 1", 1, has_statistics, 1,
           as_many, standard},
    Family{"parameters", "gamma and beta 1, 0, negative, large or absent", 1,
           always, 1, as_many, parameters},
    Family{"epsilon", "epsilon from 0 to 4", 1, always, 1, as_many, epsilon},
    Family{"momentum", "every weight; running statistics 0 or far away", 1,
           has_running, 1, as_many, momentum},
    Family{"gradients", "dy with zeros, constant, one-hot, along x", 1,
           has_gradients, 1, as_many, gradients},
    Family{"calls", "many small questions among the others", 1, always, 1, many,
           calls},
    Family{"nan", "one NaN, which stays in its channel", 1, always, 1, as_many,
           nan},
    Family{"memory", "nearly the same again, in the same memory and moved", 3,
           always, 3, twins, memory},
    Family{"state", "running statistics from step to step, then inference", 3,
           has_running, kSteps + 1, quarter, state, true},
    Family{"large", "large shapes, judged whole", 3, always, 1, four, large,
           false, true},
};

}  // namespace

std::span<const Family> families() { return kFamilies; }

const Family* find_family(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

Draw stream(std::uint64_t seed, std::string_view words) {
  const std::string digest =
      sha256(std::to_string(seed) + ' ' + std::string(words));
  return Draw(std::stoull(digest.substr(0, 16), nullptr, 16));
}

}  // namespace exactbn
