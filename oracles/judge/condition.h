// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "oracles/judge/magnitude_sums.h"
#include "oracles/subject.h"
#include "reference/exact.h"
#include "reference/ulp.h"

namespace exactbn {

// With the channel axis last, so many channels share lines of the cache: what
// sums one of them can as well sum all.
inline constexpr std::int64_t kChannelGroup = 16;

// The group of so many of these channels that one of them is in. A last group
// of fewer joins the one before it.
inline Channels group_of(std::int64_t channel, const Channels& channels) {
  constexpr std::int64_t size = kChannelGroup;
  const std::int64_t last =
      std::max(channels.count / size - 1, std::int64_t{0});
  const std::int64_t group = std::min((channel - channels.first) / size, last);
  const std::int64_t first = channels.first + group * size;
  const std::int64_t end = channels.first + channels.count;
  return {first, group < last ? size : end - first};
}

// How far a value moves when every input moves by a relative theta, and every
// intermediate by an absolute lambda through underflow:
//   theta linear + theta^2 quadratic + lambda underflow.
// bounds.md derives each.
struct Condition {
  Wide linear = 0;
  Wide quadratic = 0;
  Wide underflow = 0;
};

// A number that is affine in the magnitudes of a value's inputs: one + x |x| +
// xhat |xhat| + dy |dy| + u |u|.
struct Magnitudes {
  Wide one = 0;
  Wide x = 0;
  Wide xhat = 0;
  Wide dy = 0;
  Wide u = 0;  // the direction, x_dot or ddx

  Magnitudes() = default;
  Magnitudes(Wide constant) : one(constant) {}
  Magnitudes(Wide of_one, Wide of_x, Wide of_xhat, Wide of_dy, Wide of_u)
      : one(of_one), x(of_x), xhat(of_xhat), dy(of_dy), u(of_u) {}
};

Magnitudes operator+(const Magnitudes& a, const Magnitudes& b);
Magnitudes operator*(Wide a, const Magnitudes& b);

// The magnitudes themselves.
inline const Magnitudes kX = {0, 1, 0, 0, 0};
inline const Magnitudes kXhat = {0, 0, 1, 0, 0};
inline const Magnitudes kDy = {0, 0, 0, 1, 0};
inline const Magnitudes kU = {0, 0, 0, 0, 1};

// The condition of every value of a channel, for outputs shaped like x.
struct ConditionForm {
  Magnitudes linear;
  Magnitudes quadratic;
  Magnitudes underflow;
};

ConditionForm operator+(const ConditionForm& a, const ConditionForm& b);

// The least eta, in units of the working precision u, that explains an error
// beyond the rounding of the output: |error| <= half_ulp + eta u linear +
// (eta u)^2 quadratic + eta lambda underflow.
Wide backward_error(Wide error, Wide half_ulp, const Condition& condition,
                    Wide u, Wide lambda);

// Of a channel: by the batch, or frozen.
struct WideStatistics {
  Wide mean = 0;
  Wide v = 0;
  Wide w = 0;
  Wide s = 0;   // 1/sqrt(w); 0 where there is none
  Wide x2 = 0;  // mean x^2
  Wide d = 0;   // |D1 / m|
  Wide t = 0;   // |T s / m|
  // For sizes that are least and greatest: mean |x| and mean |dy|, at least,
  // and mean dy^2.
  Wide size = 0;
  Wide dy_size = 0;
  Wide dy2 = 0;
};

// How sums of magnitudes enter a condition: as they are, or as sizes that they
// surely have, at least or at most, which need no pass over the values.
enum class Sizes : std::uint8_t { exact, least, greatest };

// The condition of every output of a problem. It means something for a value
// that is a number (Exact::Kind). The arguments must outlive this object.
class Conditions {
 public:
  Conditions(const Problem& problem, const ExactBatchNorm& exact,
             RunningVariance divisor);

  // Before anything is asked of these channels, which `exact` has prepared.
  // Safe to call from many threads, for channels that are not the same. Sums of
  // magnitudes are taken when the first condition of one of them is asked for.
  void prepare(const Channels& channels);
  // The same of channels whose statistics are known, with no need of `exact`.
  void prepare(const Channels& channels,
               std::span<const WideStatistics> statistics);

  Condition at(Output output, std::int64_t i) const;

  // Of a value shaped like x.
  Wide at(const Magnitudes& by, std::int64_t i) const;

  // The same for all values of a channel, of an output that is shaped like x.
  // The greatest sizes are those of y and dx, with statistics that were given.
  ConditionForm form(Output output, std::int64_t channel,
                     Sizes sizes = Sizes::exact) const;

  // kappa = sqrt(mean x^2 / w): w moves by at most 2 kappa theta + (kappa
  // theta)^2, so that the bounds of all that is divided by sqrt(w) mean
  // something only while kappa theta is small. 0 with frozen statistics.
  Wide kappa(std::int64_t channel) const { return of(channel).kappa; }
  Wide w(std::int64_t channel) const { return of(channel).w; }
  Wide mean(std::int64_t channel) const { return of(channel).mean; }
  Wide invstd(std::int64_t channel) const { return of(channel).s; }

 private:
  // A tensor shaped like x that the formulas are linear in: dy, or u.
  struct Factor {
    Wide d = 0;       // |D1 / m|
    Wide t = 0;       // |T s / m|
    Wide size = 0;    // mean |dy|
    Wide x = 0;       // mean |dy x|
    Wide xhat = 0;    // mean |dy xhat|
    Wide square = 0;  // mean dy^2; not of `least` and `greatest`
  };
  // The quantities of the formulas, by their names there.
  struct Channel {
    Wide m = 0, mean = 0, v = 0, w = 0, s = 0, gamma = 0, beta = 0;
    Wide a = 0;      // mean |x|, or |running_mean|
    Wide cov = 0;    // mean |(x - mean) x|
    Wide x2 = 0;     // mean x^2
    Wide kappa = 0;  // sqrt(mean x^2 / w)
    Wide k = 0;      // cov / w: w moves by 2 k theta to first order
    Factor dy;
    Factor u;              // x_dot or ddx
    Wide along_gamma = 0;  // |gamma_dot| or |ddgamma|
    Wide along_beta = 0;   // |beta_dot| or |ddbeta|
    Wide c = 0;            // |C / m|
    Wide udy = 0;          // mean |u dy|
  };

  // All but what comes of sums of magnitudes: a, cov, k, udy, and the sizes of
  // factors.
  const Channel& of(std::int64_t c) const {
    return channels_[static_cast<std::size_t>(c)];
  }
  const Channel& whole(std::int64_t c) const;
  Channel with(Sizes sizes, std::int64_t c) const;
  WideStatistics exact_statistics(std::int64_t c) const;
  Channel channel(std::int64_t c, const WideStatistics& statistics) const;
  void add_magnitudes(const Channels& channels) const;
  void add_wide_magnitudes(Channel& ch, std::int64_t c) const;
  Wide xhat(const Channel& ch, std::int64_t i) const;
  Magnitudes magnitudes(const Channel& ch, std::int64_t i) const;
  void add_direction(Channel& ch, std::int64_t c) const;
  // gamma xhat + beta
  ConditionForm affine(const Channel& ch, Wide gamma, Wide beta) const;
  // gamma s (f - mean f - xhat t), where f is dy or the direction.
  ConditionForm projected(const Channel& ch, const Factor& f,
                          const Magnitudes& size, Wide gamma) const;
  ConditionForm dx(const Channel& ch) const;
  ConditionForm y_dot(const Channel& ch) const;
  ConditionForm grad_x(const Channel& ch) const;
  Condition grad_gamma(const Channel& ch) const;
  Wide of_c(const Channel& ch) const;
  Wide of_t(const Channel& ch, const Factor& f) const;
  Wide of_moved_products(const Channel& ch, const Factor& f) const;
  Condition dgamma(const Channel& ch) const;
  Condition running(const Channel& ch, Output output, std::int64_t c) const;

  const Problem& problem_;
  const ExactBatchNorm& exact_;
  const Tensor& x_;
  const Tensor* dy_;  // null where there is none
  const Tensor* u_;   // the direction, x_dot or ddx; likewise
  ChannelView view_;
  RunningVariance divisor_;
  bool frozen_;
  std::vector<Channel> channels_;
  mutable std::vector<Channel> whole_;  // with sums of magnitudes
  std::vector<Channels> groups_;        // what is summed with each channel
  std::unique_ptr<std::once_flag[]> summed_;  // a group, by its first
};

}  // namespace exactbn
