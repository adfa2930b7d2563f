// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/rounding.h"

namespace exactbn {

namespace {

constexpr std::array kDirections = {StoreRounding::toward_zero,
                                    StoreRounding::away, StoreRounding::up,
                                    StoreRounding::down};

// Whether every channel goes that way, and chance is ruled out.
bool all_go(const RoundingTally& t, StoreRounding direction) {
  if (t.channels < kRoundingChannels) return false;
  switch (direction) {
    case StoreRounding::toward_zero:
      return t.toward_zero == t.channels;
    case StoreRounding::away:
      return t.away == t.channels;
    case StoreRounding::up:
      return t.up == t.channels;
    case StoreRounding::down:
      return t.down == t.channels;
    case StoreRounding::nearest:
    case StoreRounding::stochastic:
      break;
  }
  return false;
}

}  // namespace

RoundingTally& RoundingTally::operator+=(const RoundingTally& other) {
  values += other.values;
  error += other.error;
  growth += other.growth;
  clear += other.clear;
  telling_channels += other.telling_channels;
  evident += other.evident;
  channels += other.channels;
  toward_zero += other.toward_zero;
  away += other.away;
  up += other.up;
  down += other.down;
  inconsistent += other.inconsistent;
  return *this;
}

std::optional<StoreRounding> rounding_of(const RoundingTally& tally) {
  if (tally.evident == 0) {
    if (tally.telling_channels < kRoundingChannels) return std::nullopt;
    return StoreRounding::nearest;
  }
  for (const StoreRounding direction : kDirections) {
    if (all_go(tally, direction)) return direction;
  }
  const bool told = tally.channels >= kRoundingChannels;
  if (told && tally.inconsistent > 0) return StoreRounding::stochastic;
  return std::nullopt;
}

std::string_view to_string(StoreRounding rounding) {
  constexpr std::array<std::string_view, 6> names = {
      "nearest", "toward zero", "away", "up", "down", "stochastic"};
  return names[static_cast<std::size_t>(rounding)];
}

std::string rounding_text(const RoundingTally& tally) {
  if (const auto rounding = rounding_of(tally)) {
    return std::string(to_string(*rounding));
  }
  return tally.channels < kRoundingChannels ? "cannot be told"
                                            : "something else";
}

bool is_biased(const RoundingTally& tally, StoreRounding declared) {
  bool biased = false;
  for (const StoreRounding direction : kDirections) {
    if (!all_go(tally, direction)) continue;
    // Values of one sign go two ways at once.
    if (direction == declared) return false;
    biased = true;
  }
  return biased;
}

}  // namespace exactbn
