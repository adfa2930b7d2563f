// SPDX-License-Identifier: Apache-2.0
#include "properties/estimate.h"

#include <cmath>

#include "oracles/judge.h"
#include "reference/ulp.h"

namespace exactbn {

namespace {

constexpr Wide kUlp = 0x1p-63L;  // above the unit roundoff of long double

// The sums of a channel.
struct Sums {
  Wide x = 0;
  Wide size = 0;        // of |x|
  Wide square = 0;      // of x^2
  Wide deviations = 0;  // of (x - mean)^2
  double first = 0;
  bool constant = true;
};

class Estimator {
 public:
  Estimator(const Problem& problem, const Declaration& declaration,
            const Estimates* same_x)
      : problem_(problem),
        same_x_(same_x),
        view_(problem.view()),
        by_batch_(normalizes_by_batch(problem.operation)),
        m_(static_cast<Wide>(view_.count())),
        all_(static_cast<std::size_t>(view_.channels)) {
    const Format f = format(working_format(problem, declaration));
    const int least =
        declaration.subnormals == Subnormals::flush ? f.emin : f.quantum();
    const Wide limit =
        5 * eta_limit(Grade::sequential, static_cast<double>(view_.count()));
    u_ = f.unit_roundoff();
    lambda_ = power_of_two(least);
    void_from_ = 1 / limit;
  }

  PooledVector<ChannelEstimate> run() {
    for (ChannelEstimate& e : all_) e.is_number = true;
    for (const auto& [input, tensor] : problem_.inputs)
      mark_nonfinite(input, tensor);
    if (problem_.operation != Operation::forward_inference) {
      for (std::int64_t c = 0; c < view_.channels; ++c) scan_x(c);
    }
    if (!by_batch_) {
      for (std::int64_t c = 0; c < view_.channels; ++c) set_frozen_root(c);
    }
    return std::move(all_);
  }

 private:
  void mark_nonfinite(Input input, const Tensor& tensor) {
    // Skip inputs that do not enter: x of inference and the old statistics of
    // training may hold anything. scan_x looks at x of all other operations.
    const bool old =
        input == Input::running_mean || input == Input::running_var;
    if ((old && by_batch_) || input == Input::x || tensor.all_finite()) return;
    const bool like_x = shaped_like_x(input);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (tensor.finite(i)) continue;
      const std::int64_t c = like_x ? view_.channel(i) : i;
      ChannelEstimate& e = all_[static_cast<std::size_t>(c)];
      e.is_number = false;
      if (input == Input::dy) e.dy_is_finite = false;
      if (input == Input::x_dot || input == Input::ddx) {
        e.direction_is_finite = false;
      }
    }
  }

  void read_x() {
    const Tensor& x = problem_.x();
    x_is_finite_ = x.all_finite();
    values_.resize(static_cast<std::size_t>(x.size()));
    x.values_to(values_);
  }

  // Whether x is finite in a channel. Sums in long double would show it too,
  // but x87 arithmetic on infinities and NaN takes a hundred times as long.
  bool is_finite(std::int64_t c) const {
    bool finite = true;
    view_.each_offset(c, [&](std::int64_t i) {
      finite &= std::isfinite(values_[static_cast<std::size_t>(i)]);
    });
    return finite;
  }

  void scan_x(std::int64_t c) {
    ChannelEstimate& e = all_[static_cast<std::size_t>(c)];
    if (same_x_ && same_x_->channel(c).is_number) {
      if (e.is_number) e = same_x_->channel(c);
      return;
    }
    if (values_.empty()) read_x();
    if (!x_is_finite_ && !is_finite(c)) e.is_number = e.x_is_finite = false;
    if (!by_batch_ || !e.is_number) return;
    Sums s;
    s.first = values_[static_cast<std::size_t>(c * view_.inner)];
    view_.each_offset(c, [&](std::int64_t i) {
      const double value = values_[static_cast<std::size_t>(i)];
      s.constant &= value == s.first;
      const Wide wide = value;
      s.x += wide;
      s.size += std::fabs(wide);
      s.square += wide * wide;
    });
    s.x /= m_;
    view_.each_offset(c, [&](std::int64_t i) {
      const Wide d = values_[static_cast<std::size_t>(i)] - s.x;
      s.deviations += d * d;
    });
    set_batch_statistics(e, s);
  }

  void set_batch_statistics(ChannelEstimate& e, const Sums& s) const {
    const auto epsilon = static_cast<Wide>(problem_.epsilon);
    if (s.constant) {
      // Equal values equal their mean, and their variance is 0. Only for them
      // is m^2 w = m S2 - S1^2 + m^2 eps zero if epsilon is 0.
      e.root_is_zero = problem_.epsilon == 0;
      e.is_number = !e.root_is_zero;
      const Wide mean = s.first;
      e.mean = Number::near(mean, kUlp * std::fabs(mean));
      e.var = Number::near(0, 0);
      if (e.is_number) set_root(e, epsilon, 2 * kUlp * epsilon, mean * mean);
      return;
    }
    const Wide doubt = (m_ + 4) * kUlp * s.size / m_;
    const Wide var = s.deviations / m_;
    const Wide doubt_of_var = doubt * doubt + (m_ + 8) * kUlp * var;
    e.mean = Number::near(s.x, doubt);
    e.var = Number::near(var, doubt_of_var);
    const Wide w = var + epsilon;
    set_root(e, w, doubt_of_var + 2 * kUlp * w, s.square / m_);
  }

  void set_frozen_root(std::int64_t c) {
    ChannelEstimate& e = all_[static_cast<std::size_t>(c)];
    if (!e.is_number) return;
    const Wide w =
        static_cast<Wide>(problem_.find(Input::running_var)->value(c)) +
        static_cast<Wide>(problem_.epsilon);
    e.root_is_zero = w == 0;
    e.is_number = !e.root_is_zero;
    if (e.is_number) set_root(e, w, kUlp * w, 0);
  }

  void set_root(ChannelEstimate& e, Wide w, Wide doubt, Wide square) const {
    e.w = w;
    e.doubt = doubt;
    e.root_is_known = doubt < 0x1p-10L * w;
    if (!e.root_is_known) return;
    // Compares (u kappa + lambda / w) w with its limit, using kappa^2 = square
    // / w to avoid a square root.
    const auto is_below = [&](Wide factor) {
      const Wide most = factor * void_from_ * w - lambda_;
      return most > 0 && u_ * u_ * square * w < most * most;
    };
    e.through_w = is_below(0.99L)    ? Bound::holds
                  : !is_below(1.01L) ? Bound::is_void
                                     : Bound::open;
  }

  const Problem& problem_;
  const Estimates* same_x_;  // or null
  ChannelView view_;
  bool by_batch_;
  Wide m_;
  Wide u_ = 0;
  Wide lambda_ = 0;
  Wide void_from_ =
      0;  // the bound is void if u kappa + lambda / w is at least this
  bool x_is_finite_ = true;
  PooledVector<double> values_;  // of x
  PooledVector<ChannelEstimate> all_;
};

}  // namespace

Estimates::Estimates(const Problem& problem, const Declaration& declaration,
                     const Estimates* other)
    : problem_(problem),
      view_(problem.view()),
      by_batch_(normalizes_by_batch(problem.operation)),
      working_(working_format(problem, declaration)),
      dy_(problem.find(Input::dy)),
      u_(problem.direction()),
      channels_(Estimator(problem, declaration,
                          other && other->has_x_of(problem) ? other : nullptr)
                    .run()) {}

bool Estimates::has_x_of(const Problem& problem) const {
  return by_batch_ && normalizes_by_batch(problem.operation) &&
         problem.epsilon == problem_.epsilon &&
         problem.channel_axis == problem_.channel_axis &&
         problem.x() == problem_.x();
}

void Estimates::add_roots() const {
  roots_.resize(channels_.size());
  for (std::size_t c = 0; c < roots_.size(); ++c) {
    const ChannelEstimate& e = channels_[c];
    if (!e.is_number || !e.root_is_known) continue;
    const Wide deviation = std::sqrt(e.w);
    const Wide s = 1 / deviation;
    const Wide doubt = 0.6L * (e.doubt / e.w) + 4 * kUlp;
    roots_[c] = {Number::near(s, s * doubt),
                 Number::near(deviation, deviation * doubt)};
  }
}

bool Estimates::is_worth_a_tolerance(DType dtype) const {
  constexpr int kMuch = 5;  // bits
  return format(working_).precision < format(dtype).precision + kMuch;
}

std::optional<std::uint64_t> surely_rounded(const Number& number, DType dtype) {
  if (number.is_open()) return std::nullopt;
  const Wide doubt = number.doubt() + std::fabs(number.mid()) * kUlp;
  auto low = static_cast<double>(number.mid() - doubt);
  auto high = static_cast<double>(number.mid() + doubt);
  if (dtype != DType::f64) {
    // Step outwards, below and above all numbers of the interval: rounding
    // these doubles to the format is then the only rounding.
    low = std::nextafter(low, -HUGE_VAL);
    high = std::nextafter(high, HUGE_VAL);
  }
  const std::uint64_t bits = round_to(low, dtype);
  if (bits != round_to(high, dtype)) return std::nullopt;
  return bits;
}

bool surely_not_held(const Number& number, DType dtype) {
  if (number.is_open()) return false;
  const auto nearest = static_cast<double>(number.mid());
  const Wide held = to_double(round_to(nearest, dtype), dtype);
  // Rounding twice may give the other neighbour, which is hardly farther away
  // than the nearest.
  const Wide twice =
      dtype == DType::f64 ? 0 : std::fabs(number.mid()) * 0x1p-50L;
  return std::fabs(number.mid() - held) > number.doubt() + twice;
}

}  // namespace exactbn
