// SPDX-License-Identifier: Apache-2.0
#include "properties/estimate.h"

#include <cmath>

#include "oracles/judge.h"

namespace exactbn {

namespace {

constexpr Wide kUlp = 0x1p-63L;  // more than a long double rounds by

// What a channel adds up.
struct Sums {
  Wide x = 0;
  Wide size = 0;        // of |x|
  Wide square = 0;      // of x^2
  Wide deviations = 0;  // of (x - mean)^2
  std::optional<double> first;
  bool finite = true;
  bool constant = true;
};

template <class Do>
void each_value(const ChannelView& view, const Do& action) {
  std::int64_t i = 0;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < view.inner; ++k) {
        action(static_cast<std::size_t>(c), i++);
      }
    }
  }
}

class Estimator {
 public:
  Estimator(const Problem& problem, const Declaration& declaration)
      : problem_(problem),
        view_(problem.view()),
        by_batch_(normalizes_by_batch(problem.operation)),
        m_(static_cast<Wide>(view_.count())),
        sums_(static_cast<std::size_t>(view_.channels)),
        all_(sums_.size()) {
    const Format f = format(working_format(problem, declaration));
    u_ = f.unit_roundoff();
    lambda_ = std::ldexp(Wide{1}, declaration.subnormals == Subnormals::flush
                                      ? f.emin
                                      : f.quantum());
    limit_ = eta_limit(Grade::sequential, static_cast<double>(view_.count()));
  }

  std::vector<ChannelEstimate> run() {
    for (ChannelEstimate& e : all_) e.is_number = true;
    for (const auto& [name, tensor] : problem_.inputs) look_at(name, tensor);
    if (by_batch_) add_deviations();
    for (std::size_t c = 0; c < all_.size(); ++c) {
      if (!all_[c].is_number) continue;
      if (by_batch_) {
        by_batch(all_[c], sums_[c]);
      } else {
        frozen(all_[c], static_cast<std::int64_t>(c));
      }
    }
    return std::move(all_);
  }

 private:
  void look_at(const std::string& name, const Tensor& tensor) {
    // What does not enter: x of inference may hold anything, and so may the old
    // statistics of training.
    const bool old = name == "running_mean" || name == "running_var";
    if (old && by_batch_) return;
    if (name == "x") {
      if (problem_.operation != Operation::forward_inference) add_up(tensor);
      return;
    }
    if (!shaped_like_x(name)) {
      for (std::size_t c = 0; c < all_.size(); ++c) {
        if (!tensor.finite(static_cast<std::int64_t>(c))) {
          all_[c].is_number = false;
        }
      }
      return;
    }
    each_value(view_, [&](std::size_t c, std::int64_t i) {
      if (!tensor.finite(i)) all_[c].is_number = false;
    });
  }

  void add_up(const Tensor& x) {
    values_.resize(static_cast<std::size_t>(x.size()));
    each_value(view_, [&](std::size_t c, std::int64_t i) {
      const double value = x.value(i);
      values_[static_cast<std::size_t>(i)] = value;
      Sums& s = sums_[c];
      if (!std::isfinite(value)) s.finite = false;
      if (!s.first) s.first = value;
      if (value != *s.first) s.constant = false;
      const Wide wide = value;
      s.x += wide;
      s.size += std::fabs(wide);
      s.square += wide * wide;
    });
    for (std::size_t c = 0; c < all_.size(); ++c) {
      if (!sums_[c].finite) all_[c].is_number = false;
    }
  }

  void add_deviations() {
    for (Sums& s : sums_) s.x /= m_;
    each_value(view_, [&](std::size_t c, std::int64_t i) {
      const Wide d = values_[static_cast<std::size_t>(i)] - sums_[c].x;
      sums_[c].deviations += d * d;
    });
  }

  void by_batch(ChannelEstimate& e, const Sums& s) const {
    // m^2 w = m S2 - S1^2 + m^2 eps is 0 for equal values alone.
    if (problem_.epsilon == 0 && s.constant) {
      e.is_number = false;
      return;
    }
    const Wide doubt = (m_ + 4) * kUlp * s.size / m_;
    const Wide var = s.deviations / m_;
    const Wide doubt_of_var = doubt * doubt + (m_ + 8) * kUlp * var;
    e.mean = Number::near(s.x, doubt);
    e.var = Number::near(var, doubt_of_var);
    const Wide w = var + static_cast<Wide>(problem_.epsilon);
    add_root(e, w, doubt_of_var + 2 * kUlp * w, s.square / m_);
  }

  void frozen(ChannelEstimate& e, std::int64_t c) const {
    const Wide w = static_cast<Wide>(problem_.find("running_var")->value(c)) +
                   static_cast<Wide>(problem_.epsilon);
    if (w == 0) {
      e.is_number = false;
      return;
    }
    add_root(e, w, kUlp * w, 0);
  }

  void add_root(ChannelEstimate& e, Wide w, Wide doubt, Wide square) const {
    const Wide relative = doubt / w;
    if (!(relative < 0x1p-10L)) return;
    const Wide deviation = std::sqrt(w);
    const Wide s = 1 / deviation;
    const Wide of_root = 0.6L * relative + 4 * kUlp;
    e.invstd = Number::near(s, s * of_root);
    e.deviation = Number::near(deviation, deviation * of_root);
    const Wide kappa = std::sqrt(square / w);
    const Wide measure = 5 * limit_ * (u_ * kappa + lambda_ / w);
    e.through_w = measure < 0.99L   ? Bound::holds
                  : measure > 1.01L ? Bound::is_void
                                    : Bound::open;
  }

  const Problem& problem_;
  ChannelView view_;
  bool by_batch_;
  Wide m_;
  Wide u_ = 0;
  Wide lambda_ = 0;
  Wide limit_ = 0;
  std::vector<double> values_;  // of x
  std::vector<Sums> sums_;
  std::vector<ChannelEstimate> all_;
};

}  // namespace

Estimates::Estimates(const Problem& problem, const Declaration& declaration)
    : problem_(problem),
      view_(problem.view()),
      by_batch_(normalizes_by_batch(problem.operation)),
      working_(working_format(problem, declaration)),
      dy_(problem.find("dy")),
      u_(problem.find("x_dot")),
      channels_(Estimator(problem, declaration).run()) {
  if (!u_) u_ = problem.find("ddx");
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
    // Below and above all of them: a double between two others rounds once.
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
  // Rounded twice it may be the other neighbour, not much nearer.
  const Wide twice =
      dtype == DType::f64 ? 0 : std::fabs(number.mid()) * 0x1p-50L;
  return std::fabs(number.mid() - held) > number.doubt() + twice;
}

}  // namespace exactbn
