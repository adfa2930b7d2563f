// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "reference/draw.h"
#include "reference/tensor.h"

namespace exactbn {

// The size of problems.
enum class Profile : std::uint8_t {
  small,  // at most 64 values
  usual,  // most are small, some at block edges, few beyond 2^15
  large,  // half are at block edges, some beyond 2^15
};

inline constexpr std::array kProfiles = {Profile::small, Profile::usual,
                                         Profile::large};

std::string_view to_string(Profile profile);
std::optional<Profile> parse_profile(std::string_view name);

// A shape of rank 2 to 5, with the channels on any axis.
struct Layout {
  Shape shape;
  int channel_axis = 1;
};
Layout draw_layout(Draw& draw, Profile profile);

}  // namespace exactbn
