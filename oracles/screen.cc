// SPDX-License-Identifier: Apache-2.0
#include "oracles/screen.h"

#include <cmath>
#include <limits>

#include "oracles/channel_groups.h"
#include "reference/estimated_sums.h"

namespace exactbn {

namespace {

// bounds.md, "Estimated sums": what the derivation is good for.
constexpr double kMostError = 0x1p-43;  // E kappa^2
constexpr double kMostKappa = 0x1p8;
// The bound of a channel that is surely not void.
constexpr Wide kMostVoid = 0.99L;

}  // namespace

Screen::Screen(const Problem& problem, const Declaration& declaration,
               Judge& judge)
    : problem_(problem),
      view_(problem.view()),
      estimate_(problem, declaration, Judge::Deferred()),
      judge_(judge),
      error_(static_cast<std::size_t>(view_.channels),
             std::numeric_limits<double>::quiet_NaN()),
      dy_square_(error_.size()),
      groups_(error_.size()),
      summed_(std::make_unique<std::once_flag[]>(error_.size())) {}

void Screen::prepare(const Channels& channels) {
  const std::int64_t end = channels.first + channels.count;
  const std::int64_t size = view_.inner == 1 ? kChannelGroup : 1;
  for (std::int64_t c = channels.first; c < end; ++c) {
    groups_[static_cast<std::size_t>(c)] = group_of(c, channels, size);
  }
  std::vector<EstimatedSums> estimates =
      estimated_sums(problem_.x(), problem_.find("dy"), view_, channels);
  if (estimates.empty()) return;
  std::vector<Sums> sums;
  for (std::int64_t i = 0; i < channels.count; ++i) {
    EstimatedSums& estimate = estimates[static_cast<std::size_t>(i)];
    const auto at = static_cast<std::size_t>(channels.first + i);
    error_[at] = estimate.error;
    dy_square_[at] = estimate.dy_square;
    sums.push_back(std::move(estimate.sums));
  }
  estimate_.prepare(channels, std::move(sums));
}

bool Screen::is_bounded(std::string_view output, std::int64_t channel) const {
  const double error = error_[static_cast<std::size_t>(channel)];
  if (std::isnan(error) || !estimate_.is_bounded(output, channel)) return false;
  const auto kappa = static_cast<double>(estimate_.conditions().kappa(channel));
  return error * kappa * kappa <= kMostError && kappa <= kMostKappa &&
         estimate_.void_measure(output, channel) < kMostVoid;
}

// bounds.md, "Estimated sums", has the derivation, and the names.
FormError Screen::error(std::string_view output, std::int64_t channel) const {
  constexpr double kMore = 1 + 0x1p-10;  // products of two errors, roundings
  const auto at = static_cast<std::size_t>(channel);
  const Conditions& conditions = estimate_.conditions();
  const double e = error_[at] * kMore;
  const auto kappa = static_cast<double>(conditions.kappa(channel));
  const auto s = static_cast<double>(conditions.invstd(channel));
  const auto mean = std::fabs(static_cast<double>(conditions.mean(channel)));
  const double of_s = e * kappa * (kappa + 2 * mean * s) / 2;
  const Tensor* gamma = problem_.find("gamma");
  const double scale = gamma ? std::fabs(gamma->value(channel)) : 1;
  if (output == "y") return {of_s, 0, scale * (mean * s * of_s + e * kappa)};
  const auto m = static_cast<double>(view_.count());
  const Channel& sums = estimate_.exact().channel(channel);
  const double d = std::fabs(static_cast<double>(approximate(dbeta(sums)))) / m;
  const double t =
      std::fabs(static_cast<double>(approximate(exactbn::t(sums)))) / m * s * s;
  const double size = std::sqrt(dy_square_[at] / m) * kMore;
  const double of_t =
      e * s * (kappa * (size + d) + mean * s * size) + 2 * of_s * t;
  return {of_s, scale * s * (of_t + t * of_s),
          scale * (e * kappa * t + s * mean * of_t + s * e * size +
                   s * (mean * t + d) * of_s)};
}

const Judge& Screen::exact(std::int64_t channel) {
  const Channels& group = groups_[static_cast<std::size_t>(channel)];
  std::call_once(summed_[static_cast<std::size_t>(group.first)],
                 [&] { judge_.prepare(group); });
  return judge_;
}

}  // namespace exactbn
