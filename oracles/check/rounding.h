// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>

#include "oracles/subject.h"

namespace exactbn {

// The signs and sizes of the errors of faithful values in a format shorter than
// the working one. bounds.md, "The rounding of a store", derives what they
// tell. Extreme channels and results below the normal numbers do not count.
struct RoundingTally {
  std::int64_t values = 0;
  // Sums of errors in ulp: of the values, and of their magnitudes.
  double error = 0;
  double growth = 0;
  // Values within 1/4 ulp of a neighbour, but not on it.
  std::int64_t clear = 0;
  // Channels in which a clear value would be evident if it were misrounded.
  std::int64_t telling_channels = 0;

  // Clear values that are the farther neighbour, although a sound computation
  // and roundings to nearest cannot give it.
  std::int64_t evident = 0;
  std::int64_t channels = 0;  // that have an evident value
  // The number of these channels in which all evident values go one way.
  std::int64_t toward_zero = 0;
  std::int64_t away = 0;
  std::int64_t up = 0;
  std::int64_t down = 0;
  // How often equal questions got the other neighbour: an equal value of the
  // channel, or another call. Errors before the store are not like that.
  std::int64_t inconsistent = 0;

  RoundingTally& operator+=(const RoundingTally& other);
  bool operator==(const RoundingTally& other) const = default;
};

// The number of channels from which a conclusion is drawn.
inline constexpr std::int64_t kRoundingChannels = 32;

// The rounding that the tally shows; nothing if it shows none of them, or if
// there are too few channels to tell.
std::optional<StoreRounding> rounding_of(const RoundingTally& tally);

// "toward zero", "something else" or "cannot be told".
std::string rounding_text(const RoundingTally& tally);
std::string_view to_string(StoreRounding rounding);

// Whether all evident values go one way, and that is not the declared one.
bool is_biased(const RoundingTally& tally, StoreRounding declared);

}  // namespace exactbn
