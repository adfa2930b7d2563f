// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/screen.h"

#include <algorithm>
#include <cmath>

#include "oracles/check/channel_problem.h"

namespace exactbn {

namespace {

// bounds.md, "Estimated sums": the range in which the derivation holds.
constexpr double kMostRelativeError = 0x1p-43;  // E kappa^2
constexpr double kMostKappa = 0x1p8;
constexpr double kScreenError = 0x1p-96;
constexpr double kMostSquare = 0x1p300;
constexpr double kMostParameter = 0x1p200;
// Turns an estimated sum of magnitudes into a lower bound.
constexpr Wide kAtLeast = 1 - 0x1p-30L;
// Below this ratio the bound of a channel is certainly not void.
constexpr Wide kMaxVoidRatio = 0.99L;

Wide wide(const DoubleDouble& a) { return static_cast<Wide>(a.high) + a.low; }

bool fits(double size, double most) {
  return size == 0 || (std::fabs(size) <= most && std::fabs(size) >= 1 / most);
}

}  // namespace

Screen::Screen(const Problem& problem, const Declaration& declaration,
               const Judge& judge)
    : problem_(problem),
      declaration_(declaration),
      view_(problem.view()),
      output_(problem.operation == Operation::forward_training ? Output::y
                                                               : Output::dx),
      tolerances_(
          problem, declaration,
          [this](std::int64_t c, ChannelSizes& to) { set_statistics(c, to); }),
      judge_(judge),
      channels_(static_cast<std::size_t>(view_.channels)),
      estimated_(view_.channels),
      channel_judges_(channels_.size()),
      summed_exactly_(view_.channels) {}

void Screen::estimate(const Channels& channels) const {
  estimated_(channels, [this](const Channels& run) {
    const std::vector<EstimatedSums> sums =
        estimated_sums(problem_.x(), problem_.find(Input::dy), view_, run);
    std::int64_t c = run.first;
    for (const EstimatedSums& sum : sums) {
      channels_[static_cast<std::size_t>(c)] = channel_of(sum, c);
      ++c;
    }
  });
}

void Screen::set_statistics(std::int64_t c, ChannelSizes& to) const {
  const Channel& ch = estimated(c);
  to.mean = wide(ch.mean);
  to.w = wide(ch.w);
  to.v = to.w - static_cast<Wide>(problem_.epsilon);
  to.s = wide(ch.s);
  to.x2 = wide(ch.s2) / to.m;
  to.a = kAtLeast * ch.size / to.m;
  to.dy.d = std::fabs(wide(ch.d));
  to.dy.t = std::fabs(wide(ch.t)) * to.s;
  to.dy.size = kAtLeast * ch.dy_size / to.m;
  to.dy.square = ch.dy_square / to.m;
}

Screen::Channel Screen::channel_of(const EstimatedSums& sums,
                                   std::int64_t c) const {
  Channel ch;
  ch.error = sums.error + kScreenError;
  ch.dy_square = sums.dy_square;
  ch.s2 = sums.s2;
  ch.size = sums.size;
  ch.dy_size = sums.dy_size;
  ch.gamma = problem_.parameter(Input::gamma, c);
  ch.beta = problem_.parameter(Input::beta, c);
  ch.known = sums.known && fits(sums.s2.high, kMostSquare) &&
             fits(sums.dy_square, kMostSquare) &&
             fits(ch.gamma, kMostParameter) && fits(ch.beta, kMostParameter);
  if (!ch.known) return ch;
  const DoubleDouble m = {static_cast<double>(view_.count()), 0};
  ch.mean = sums.s1 / m;
  ch.w = sums.s2 / m - ch.mean * ch.mean + DoubleDouble{problem_.epsilon, 0};
  ch.d = sums.d1 / m;
  ch.t = sums.d2 / m - ch.mean * ch.d;
  ch.known = ch.w.high > 0;
  if (ch.known) ch.s = DoubleDouble{1, 0} / sqrt(ch.w);
  return ch;
}

bool Screen::is_bounded(Output output, std::int64_t channel) const {
  const Channel& ch = estimated(channel);
  if (!ch.known) return false;
  const auto kappa =
      static_cast<double>(tolerances_.conditions().kappa(channel));
  return ch.error * kappa * kappa <= kMostRelativeError &&
         kappa <= kMostKappa &&
         tolerances_.void_ratio(output, channel) < kMaxVoidRatio;
}

EstimatedForm Screen::form(Output output, std::int64_t channel) const {
  const Channel& ch = estimated(channel);
  const DoubleDouble slope = DoubleDouble{ch.gamma, 0} * ch.s;
  if (output == Output::y) {
    return {slope, {}, DoubleDouble{ch.beta, 0} - slope * ch.mean};
  }
  const DoubleDouble by_x = slope * (ch.t / ch.w);
  return {slope, -by_x, by_x * ch.mean - slope * ch.d};
}

// bounds.md, "Estimated sums", derives this; the names are its.
FormError Screen::error(Output output, std::int64_t channel) const {
  constexpr double kSlack = 1 + 0x1p-10;  // products of two errors, roundings
  const Channel& ch = estimated(channel);
  const double e = ch.error * kSlack;
  const auto kappa =
      static_cast<double>(tolerances_.conditions().kappa(channel));
  const double s = ch.s.high;
  const double mean = std::fabs(ch.mean.high);
  const double scale = std::fabs(ch.gamma);
  const double of_s = e * kappa * (kappa + 2 * mean * s) / 2;
  if (output == Output::y)
    return {of_s, 0, scale * (mean * s * of_s + e * kappa)};
  const double d = std::fabs(ch.d.high);
  const double t = std::fabs(ch.t.high) * s * s;
  const double size =
      std::sqrt(ch.dy_square / static_cast<double>(view_.count())) * kSlack;
  const double of_t =
      e * s * (kappa * (size + d) + mean * s * size) + 2 * of_s * t;
  return {of_s, scale * s * (of_t + t * of_s),
          scale * (e * kappa * t + s * mean * of_t + s * e * size +
                   s * (mean * t + d) * of_s)};
}

const Judge& Screen::exact(std::int64_t channel) const {
  if (!judge_.exact().is_summed(channel)) judge_.sum(summed_with(channel));
  return judge_;
}

// A channel with a usable estimate is seldom needed, so it is summed alone. All
// other channels are needed, and neighbours share cache lines.
Channels Screen::summed_with(std::int64_t c) const {
  if (view_.inner > 1 || is_bounded(output_, c)) return {c, 1};
  const auto is_another = [this](std::int64_t other) {
    return estimated_.done(other) && !is_bounded(output_, other);
  };
  const Channels group = group_of(c, view_.channels);
  std::int64_t first = c;
  std::int64_t end = c + 1;
  while (first > group.first && is_another(first - 1)) --first;
  while (end < group.first + group.count && is_another(end)) ++end;
  return {first, end - first};
}

bool Screen::needs_own_judge(std::int64_t c) const {
  // The values are copied, so there must not be too many.
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  return view_.inner == 1 && view_.channels > 1 && view_.count() <= kMost &&
         !judge_.exact().is_summed(c) && summed_with(c).count == 1;
}

void Screen::sum_exactly(std::int64_t channel) {
  summed_exactly_({channel, 1}, [&](const Channels&) {
    if (!needs_own_judge(channel)) {
      (void)exact(channel);
      return;
    }
    channel_judges_[static_cast<std::size_t>(channel)] =
        std::make_unique<ChannelJudge>(channel_problem(problem_, channel),
                                       declaration_);
  });
}

Judgement Screen::judge_exactly(Output output, std::int64_t i,
                                std::uint64_t got, DType dtype) {
  const std::int64_t channel = view_.channel(i);
  sum_exactly(channel);
  const auto& own = channel_judges_[static_cast<std::size_t>(channel)];
  return own ? own->judge(output, i / view_.channels, got, dtype)
             : judge_(output, i, got, dtype);
}

}  // namespace exactbn
