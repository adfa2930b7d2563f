// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/rounding_tally.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "oracles/judge/domain.h"
#include "reference/floating_point_environment.h"
#include "reference/rounded.h"

namespace exactbn {

namespace {

// Roundings to nearest in a row, of which the last is to the format of the
// output, add up to no more. The 2^-20 covers the rounding of exact values to
// f64.
constexpr double kMostUlps = 0.75 + 0x1p-20;
constexpr double kClearUlps = 0.25 - 0x1p-20;
// Telling channels are sought until there are as many, because each needs its
// condition.
constexpr std::int64_t kMostTelling = kRoundingChannels;

// The misrounded values of a channel.
struct Misrounded {
  std::int64_t up = 0;
  std::int64_t down = 0;
  std::int64_t away = 0;
  std::int64_t toward_zero = 0;
};

// Counts the values of one output.
class RoundingCounter {
 public:
  RoundingCounter(const Judge& judge, const Declaration& declaration,
                  const OutputVerdict& out, const Tensor& got)
      : judge_(judge),
        out_(out),
        got_(got),
        format_(format(out.dtype)),
        least_(std::ldexp(1.0, format_.emin)),
        most_(to_double(format_.overflow() - 1, out.dtype)),
        limit_(judge.limit(out.output, Grade::sequential)),
        want_(rounded(judge.exact(), exact_name(declaration, out.output),
                      DType::f64)) {}

  RoundingTally count() {
    const bool like_x = shaped_like_x(out_.output);
    const ChannelView x = judge_.exact().problem().view();
    const std::int64_t inner = like_x ? x.inner : 1;
    channels_.resize(static_cast<std::size_t>(x.channels));
    m_ = like_x ? x.count() : 1;
    const auto each = [&](const auto& action) {
      for (std::int64_t i = 0; i < got_.size();) {
        for (std::int64_t c = 0; c < x.channels; ++c) {
          for (std::int64_t k = 0; k < inner; ++k) action(i++, c);
        }
      }
    };
    each([this](std::int64_t i, std::int64_t c) { add(i, c); });
    for (const InChannel& channel : channels_) conclude(channel.misrounded);
    if (!evident_.empty()) {
      each([this](std::int64_t i, std::int64_t c) { compare(i, c); });
    }
    return tally_;
  }

 private:
  struct InChannel {
    Misrounded misrounded;
    std::optional<bool> counts;  // once it is known
    bool sought = false;         // whether it is telling
  };

  void add(std::int64_t i, std::int64_t c) {
    const double exact = want_.value(i);
    const double size = std::fabs(exact);
    if (!(size >= least_ && size <= most_)) return;
    const int ulp = ulp_exponent_of(exact, format_);
    const double error = (got_.value(i) - exact) * power_of_two(-ulp);
    const double off = std::fabs(error);
    if (!(off < 1)) return;
    ++tally_.values;
    tally_.error += error;
    tally_.growth += exact > 0 ? error : -error;
    const double near = std::min(off, 1 - off);
    if (near == 0 || near >= kClearUlps) return;
    ++tally_.clear;
    InChannel& channel = channels_[static_cast<std::size_t>(c)];
    if (off > kMostUlps) {
      if (counts(channel, c) && is_evident(i, off, ulp)) {
        misround(channel.misrounded, error > 0, (error > 0) == (exact > 0));
        evident_.insert({c, exact});
      }
    } else if (!channel.sought && tally_.telling_channels < kMostTelling) {
      channel.sought = true;
      const bool telling = counts(channel, c) && is_evident(i, 1 - near, ulp);
      tally_.telling_channels += telling ? 1 : 0;
    }
  }

  // Whether a value is the nearest where an equal one is not.
  void compare(std::int64_t i, std::int64_t c) {
    const double exact = want_.value(i);
    const bool equal = evident_.contains({c, exact});
    if (equal && got_.bits(i) == round_to(exact, out_.dtype)) {
      ++tally_.inconsistent;
    }
  }

  static void misround(Misrounded& to, bool up, bool away) {
    ++(up ? to.up : to.down);
    ++(away ? to.away : to.toward_zero);
  }

  // Whether an error of as many ulp is beyond what is rounded to nearest.
  bool is_evident(std::int64_t i, double ulps, int ulp) const {
    const double unit = power_of_two(ulp);
    return judge_.eta_of(out_.output, i, ulps * unit, kMostUlps * unit) >
           limit_;
  }

  // Whether a sound kernel has a bounded error there, and most values pass: if
  // not, their errors say little about the store.
  bool counts(InChannel& channel, std::int64_t c) const {
    if (!channel.counts) {
      channel.counts = judge_.exact().is_number(c) &&
                       !judge_.bound_is_void(out_.output, c) && !fails(c) &&
                       why_extreme(judge_, out_.output, c).empty();
    }
    return *channel.counts;
  }

  bool fails(std::int64_t c) const {
    constexpr std::int64_t kFew = 16;
    return kFew * out_.failed_in_channel[static_cast<std::size_t>(c)] > m_;
  }

  void conclude(const Misrounded& m) {
    const std::int64_t n = m.up + m.down;
    if (n == 0) return;
    ++tally_.channels;
    tally_.evident += n;
    tally_.up += m.down == 0 ? 1 : 0;
    tally_.down += m.up == 0 ? 1 : 0;
    tally_.away += m.toward_zero == 0 ? 1 : 0;
    tally_.toward_zero += m.away == 0 ? 1 : 0;
  }

  const Judge& judge_;
  const OutputVerdict& out_;
  const Tensor& got_;
  Format format_;
  double least_;
  double most_;
  double limit_;
  Tensor want_;
  std::int64_t m_ = 1;
  std::vector<InChannel> channels_;
  std::set<std::pair<std::int64_t, double>> evident_;  // channel, exact value
  RoundingTally tally_;
};

}  // namespace

std::vector<RoundingTally> rounding_tallies(
    const Problem& problem, const Declaration& declaration,
    const OutputTensors& got, std::span<const OutputVerdict> outputs) {
  const StandardEnvironment environment;
  std::vector<RoundingTally> tallies(outputs.size());
  std::optional<Judge> judge;
  const int working = format(working_format(problem, declaration)).precision;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputVerdict& out = outputs[i];
    if (format(out.dtype).precision >= working) continue;
    if (!judge) {
      // Conditions are computed only where they are needed.
      judge.emplace(problem, declaration, Judge::OnDemand());
      judge->exact().sum({0, problem.view().channels});
    }
    tallies[i] =
        RoundingCounter(*judge, declaration, out, got.at(out.output)).count();
  }
  return tallies;
}

}  // namespace exactbn
