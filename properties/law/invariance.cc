// SPDX-License-Identifier: Apache-2.0
// Changes of the input that leave the answer unchanged, or change it in a known
// way.
#include <cmath>

#include "oracles/check/channel_problem.h"
#include "properties/law/families.h"
#include "properties/law/parts.h"
#include "reference/exact/forward.h"

namespace exactbn::law {

namespace {

bool has_channels(const Problem& p) {
  return is_short(p) && p.view().channels > 1;
}
bool trains(const Problem& p) {
  return is_short(p) && normalizes_by_batch(p.operation);
}

// Adds b to x and to the mean that is subtracted; nothing if a sum is inexact.
std::optional<Problem> shifted_by(const Problem& p, double b) {
  const auto add = [b](DType dtype) {
    return [b, dtype](std::uint64_t bits, std::int64_t) {
      return exact_sum(bits, b, dtype);
    };
  };
  Problem q = p;
  auto x = replaced(p.x(), add(p.x().dtype()));
  if (!x) return std::nullopt;
  q.inputs[Input::x] = std::move(*x);
  if (normalizes_by_batch(p.operation)) return q;
  const Tensor& old = p.inputs.at(Input::running_mean);
  auto mean = replaced(old, add(old.dtype()));
  if (!mean) return std::nullopt;
  q.inputs[Input::running_mean] = std::move(*mean);
  return q;
}

// Uses the first shift that is exact for all values.
void shift(Trial& t) {
  const Problem p = without(t.base().problem(), {});
  if (!p.x().all_finite()) return;
  const double first = p.x().value(0);
  for (const double b : {-first, 1.0, -1.0, first, 2 * first, 0x1p10}) {
    if (b == 0) continue;
    auto shifted = shifted_by(p, b);
    if (!shifted) continue;
    const Observation* q = t.ask(std::move(*shifted));
    if (!q) return;
    compare(t, t.base(), *q, [](Output output) {
      return output == Output::mean || output == Output::running_mean ? 0.0
                                                                      : 1.0;
    });
    if (!t.base().has(Output::mean) || !q->has(Output::mean)) return;
    const Column before = t.base().out(Output::mean);
    const Column after = q->out(Output::mean);
    each_channel(*q, [&](std::int64_t c) {
      t.zero(after(c) - before(c) - Number(b), Output::mean, c);
    });
    return;
  }
}

// The power of the unit of x in the unit of an input.
int power_of_unit(Input input) {
  switch (input) {
    case Input::x:
    case Input::x_dot:
    case Input::ddx:
    case Input::running_mean:
      return 1;
    case Input::running_var:
      return 2;
    default:
      return 0;
  }
}

// Multiplies x by 2^k, epsilon by 2^2k, and all inputs in units of x to match.
std::optional<Problem> in_unit(const Problem& p, int k) {
  Problem q = p;
  for (auto& [name, tensor] : q.inputs) {
    const int by = power_of_unit(name) * k;
    if (by == 0) continue;
    const DType dtype = tensor.dtype();
    auto scaled = replaced(tensor, [by, dtype](std::uint64_t bits, auto) {
      return exact_scaled(bits, by, dtype);
    });
    if (!scaled) return std::nullopt;
    tensor = std::move(*scaled);
  }
  const auto epsilon =
      exact_scaled(round_to(p.epsilon, DType::f64), 2 * k, DType::f64);
  if (!epsilon) return std::nullopt;
  q.epsilon = to_double(*epsilon, DType::f64);
  return q;
}

double scale_of(Output output, int k) {
  const double one = std::ldexp(1.0, k);
  switch (output) {
    case Output::mean:
    case Output::running_mean:
      return one;
    case Output::var:
    case Output::running_var:
      return one * one;
    case Output::invstd:
    case Output::dx:
    case Output::grad_x:
      return 1 / one;
    default:
      return 1;
  }
}

void scale(Trial& t) {
  const Problem& p = t.base().problem();
  int asked = 0;
  for (const int k : {9, -9, 1, -1}) {
    auto scaled = in_unit(p, k);
    if (!scaled) continue;
    const Observation* q = t.ask(std::move(*scaled));
    if (!q) return;
    compare(t, t.base(), *q,
            [k](Output output) { return scale_of(output, k); });
    if (++asked == 2) return;
  }
}

// What changes sign with xhat. gamma_dot stays, as it multiplies xhat. ddx
// stays too, as dx does not change sign.
bool is_odd(Input input) {
  switch (input) {
    case Input::beta:
    case Input::beta_dot:
    case Input::ddgamma:
    case Input::running_mean:
    case Input::x:
    case Input::x_dot:
      return true;
    default:
      return false;
  }
}
bool is_odd(Output output) {
  switch (output) {
    case Output::dgamma:
    case Output::grad_x:
    case Output::mean:
    case Output::running_mean:
    case Output::y:
    case Output::y_dot:
      return true;
    default:
      return false;
  }
}

// Everything odd in xhat changes sign: BN(-x) - beta = beta - BN(x).
void sign(Trial& t) {
  Problem p = t.base().problem();
  for (auto& [name, tensor] : p.inputs) {
    if (is_odd(name)) tensor = negated(tensor);
  }
  const Observation* q = t.ask(std::move(p));
  if (!q) return;
  compare(t, t.base(), *q,
          [](Output output) { return is_odd(output) ? -1.0 : 1.0; });
}

// Every other position from the end, then the rest: an order that no
// implementation uses.
void permutation(Trial& t) {
  const Problem& p = t.base().problem();
  const std::int64_t m = p.view().count();
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(m));
  for (std::int64_t k = m - 1; k >= 0; k -= 2) order.push_back(k);
  for (std::int64_t k = m - 2; k >= 0; k -= 2) order.push_back(k);
  Rearranged other = reordered(p, order);
  const Observation* q = t.ask(std::move(other.problem));
  if (q) compare(t, t.base(), *q, unchanged, other.index_map);
}

// The last channel alone, and among channels of NaN.
void channels(Trial& t) {
  const Problem& p = t.base().problem();
  const std::int64_t c = p.view().channels - 1;
  const auto indices = offsets(p.view(), c);
  if (const Observation* q = t.ask(channel_problem(p, c))) {
    compare(t, t.base(), *q, unchanged, IndexMap(indices),
            [&](std::int64_t) { return c; });
  }
  Problem noisy = p;
  for (auto& [name, tensor] : noisy.inputs) {
    if (name == Input::running_var) continue;
    Tensor all = filled(tensor.dtype(), tensor.shape(), NAN);
    if (shaped_like_x(name)) {
      for (const std::int64_t i : indices) all.set_bits(i, tensor.bits(i));
    } else {
      all.set_bits(c, tensor.bits(c));
    }
    tensor = std::move(all);
  }
  const Observation* q = t.ask(std::move(noisy));
  if (!q) return;
  PooledVector<std::int64_t> alone(static_cast<std::size_t>(p.x().size()),
                                   kNoIndex);
  for (const std::int64_t i : indices) alone[static_cast<std::size_t>(i)] = i;
  compare(t, t.base(), *q, unchanged, IndexMap(std::move(alone)),
          [&](std::int64_t i) { return i == c ? i : kNoIndex; });
}

// The channels on another axis: NCHW, NHWC, ...
void layout(Trial& t) {
  const Problem& p = t.base().problem();
  const auto rank = static_cast<int>(p.x().shape().size());
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (axis == p.channel_axis) continue;
    Rearranged other = with_channel_axis(p, axis);
    const Observation* q = t.ask(std::move(other.problem));
    if (!q) continue;
    compare(t, t.base(), *q, unchanged, other.index_map);
    return;
  }
}

// A sum over the batch that is not divided by a count.
bool is_sum(Output output) {
  return output == Output::dbeta || output == Output::dgamma ||
         output == Output::grad_gamma;
}

// The batch twice.
void repeated_batch(Trial& t) {
  const Problem p =
      without(t.base().problem(), {Input::running_mean, Input::running_var});
  const std::int64_t m = p.view().count();
  std::vector<std::int64_t> twice(static_cast<std::size_t>(2 * m));
  for (std::size_t k = 0; k < twice.size(); ++k) {
    twice[k] = static_cast<std::int64_t>(k) % m;
  }
  Rearranged other = restricted(p, twice);
  const Observation* q = t.ask(std::move(other.problem));
  if (!q) return;
  compare(
      t, t.base(), *q,
      [](Output output) {
        return is_running(output) ? 0.0 : is_sum(output) ? 2.0 : 1.0;
      },
      other.index_map);
}

// y - beta = gamma (y of gamma 1 and beta 0)
void affine(Trial& t) {
  const Observation& a = t.base();
  const Problem plain = without(a.problem(), {Input::gamma, Input::beta});
  const Observation* q = t.ask(plain);
  if (!q || !a.has(Output::y) || !q->has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column xhat = q->out(Output::y);
  const Column gamma = a.gamma();
  const Column beta = a.beta();
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(y(i) - beta(c) - gamma(c) * xhat(i), Output::y, i);
  });
}

bool is_affine(const Problem& p) {
  return is_short(p) && (p.find(Input::gamma) || p.find(Input::beta)) &&
         (p.operation == Operation::forward_training ||
          p.operation == Operation::forward_inference);
}

// gamma = sqrt(var + eps) and beta = mean give x. They are rounded to a format,
// and the equation accounts for the rounding.
void identity(Trial& t) {
  Problem p =
      without(t.base().problem(), {Input::running_mean, Input::running_var});
  const Observation& a = t.base();
  const std::int64_t channels = a.view().channels;
  const DType dtype = p.x().dtype() == DType::f64 ? DType::f64 : DType::f32;
  Tensor gamma(dtype, {channels});
  Tensor beta(dtype, {channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    if (a.filters()) {
      const ChannelEstimate& e = a.estimate(c);
      if (!e.is_number) return;
      const auto slope = surely_rounded(a.estimates().root(c).deviation, dtype);
      const auto offset = surely_rounded(e.mean, dtype);
      if (slope && offset) {
        gamma.set_bits(c, *slope);
        beta.set_bits(c, *offset);
        continue;
      }
    }
    const ExactBatchNorm& exact = a.judge().exact();
    if (!exact.is_number(c)) return;
    const Channel& ch = exact.channel(c);
    const Surd s = invstd(ch);
    gamma.set_bits(c, round_to(Surd{0, s.w * s.d, s.w, s.q}, dtype));
    beta.set_bits(c, round_to(mean(ch), dtype));
  }
  if (!gamma.all_finite() || !beta.all_finite()) return;
  p.inputs[Input::gamma] = std::move(gamma);
  p.inputs[Input::beta] = std::move(beta);
  const Observation* q = t.ask(std::move(p));
  if (!q || !q->has(Output::y)) return;
  const Column y = q->out(Output::y);
  const Column x = q->in(Input::x);
  const Column offsets = q->beta();
  const ChannelNumbers mean = means(*q);
  const ChannelNumbers slope = scales(*q);
  each_value(*q, [&](std::int64_t c, std::int64_t i) {
    t.zero(y(i) - offsets(c) - slope(c) * (x(i) - mean(c)), Output::y, i);
  });
}

const Law kInvarianceLaws[] = {
    {"shift_of_x", "BN(x + b) = BN(x), also its derivatives; mean + b",
     kPaperSection3,
     "a bias before batch normalization matters, or the mean is inexact",
     is_short, shift},
    {"scale_of_x",
     "BN(a x) = BN(x) with a^2 eps; mean a, var a^2, invstd / a, dx / a",
     "Ioffe & Szegedy 2015, section 3.3",
     "epsilon is outside the root, or intermediates leave the range", is_short,
     scale},
    {"sign_of_x", "BN(-x) - beta = beta - BN(x); dgamma and grad_x change sign",
     kPaperSection3, "an absolute value is taken, or a sign is lost", is_short,
     sign},
    {"order_of_values", "BN(x P) = BN(x) P for any permutation P of positions",
     "sums do not depend on order", "positions are skipped, or read twice",
     has_several, permutation},
    {"channels_stand_alone",
     "a channel's answer does not depend on the other channels", kPaperSection3,
     "a channel uses the values or parameters of another", has_channels,
     channels},
    {"layout_does_not_matter", "NCHW, NHWC, ... give the same values",
     "the statistics are over all axes but one",
     "the channels are taken from the wrong axis", is_short, layout},
    {"batch_repeated",
     "BN(x, x) = BN(x), BN(x); dgamma, dbeta and grad_gamma are doubled",
     "repeating a batch changes no mean",
     "a count is wrong: m - 1, m + 1, or of one sample", trains,
     repeated_batch},
    {"affine_in_gamma_and_beta", "y - beta = gamma BN(x; 1, 0)", kPaperSection3,
     "gamma or beta is not applied, or in the wrong place", is_affine, affine},
    {"identity_can_be_represented",
     "y = x with gamma = sqrt(var + eps) and beta = mean", kPaperSection3,
     "normalization cannot be undone", is_short_forward, identity},
};

}  // namespace

std::span<const Law> invariance_laws() { return kInvarianceLaws; }

}  // namespace exactbn::law
