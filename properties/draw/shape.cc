// SPDX-License-Identifier: Apache-2.0
#include "properties/draw/shape.h"

#include <algorithm>

namespace exactbn {

namespace {

constexpr std::array<std::string_view, 3> kNames = {"small", "usual", "large"};

// Sizes of SIMD vectors, warps and blocks.
constexpr std::array<std::int64_t, 9> kWidths = {4,   8,   16,  32,  64,
                                                 128, 256, 512, 1024};

std::int64_t upto(Draw& draw, std::int64_t n) {
  return static_cast<std::int64_t>(1 +
                                   draw.below(static_cast<std::uint64_t>(n)));
}

// A width - 1, the width, or the width + 1 or + 3.
std::int64_t around_width(Draw& draw, std::int64_t most) {
  std::int64_t size = 0;
  do {
    constexpr std::array<std::int64_t, 4> kBeside = {-1, 0, 1, 3};
    const std::int64_t width = kWidths[draw.below(kWidths.size())];
    size = width + kBeside[draw.below(4)];
  } while (size > most);
  return size;
}

struct Size {
  std::int64_t m = 1;
  std::int64_t channels = 1;
};

Size draw_small(Draw& draw) {
  Size size;
  size.m = draw.below(3) == 0 ? around_width(draw, 64) : upto(draw, 12);
  size.channels = upto(draw, std::min<std::int64_t>(4, 64 / size.m));
  if (draw.below(8) == 0) {
    size.channels = around_width(draw, 32);
    size.m = upto(draw, std::max<std::int64_t>(1, 64 / size.channels));
    size.m = std::min(size.m, 64 / size.channels);
  }
  size.m = std::max<std::int64_t>(1, size.m);
  return size;
}

Size draw_blocks(Draw& draw) {
  if (draw.below(4) == 0) return {upto(draw, 4), around_width(draw, 1100)};
  return {around_width(draw, 1100), upto(draw, 3)};
}

// Beyond the largest thread block (1024), the consecutive integers of f16
// (2048), or 2^15.
Size draw_beyond(Draw& draw) {
  switch (draw.below(4)) {
    case 0:
      return {upto(draw, 2) + 1, 1024 + upto(draw, 70)};
    case 1:
      return {2047 + upto(draw, 20), upto(draw, 2)};
    default:
      return {32768 + upto(draw, 64), 1};
  }
}

Size draw_size(Draw& draw, Profile profile) {
  const std::uint64_t pick = draw.below(120);
  if (profile == Profile::small) return draw_small(draw);
  if (profile == Profile::usual) {
    return pick < 3    ? draw_beyond(draw)
           : pick < 10 ? draw_blocks(draw)
                       : draw_small(draw);
  }
  return pick < 10   ? draw_beyond(draw)
         : pick < 60 ? draw_blocks(draw)
                     : draw_small(draw);
}

// A divisor of n, drawn uniformly.
std::int64_t draw_divisor(Draw& draw, std::int64_t n) {
  std::uint64_t count = 0;
  for (std::int64_t d = 1; d <= n; ++d) count += n % d == 0 ? 1 : 0;
  std::uint64_t left = draw.below(count);
  std::int64_t divisor = 1;
  while (left > 0) left -= n % ++divisor == 0 ? 1 : 0;
  return divisor;
}

}  // namespace

std::string_view to_string(Profile profile) {
  return kNames[static_cast<std::size_t>(profile)];
}

std::optional<Profile> parse_profile(std::string_view name) {
  for (const Profile profile : kProfiles) {
    if (to_string(profile) == name) return profile;
  }
  return std::nullopt;
}

Layout draw_layout(Draw& draw, Profile profile) {
  const Size size = draw_size(draw, profile);
  const std::uint64_t rank = 2 + draw.below(4);
  Layout layout;
  std::int64_t rest = size.m;
  for (std::uint64_t axis = 0; axis + 2 < rank; ++axis) {
    layout.shape.push_back(draw_divisor(draw, rest));
    rest /= layout.shape.back();
  }
  layout.shape.insert(
      layout.shape.begin() +
          static_cast<std::ptrdiff_t>(draw.below(layout.shape.size() + 1)),
      rest);
  // Axis 1 is the most common in frameworks.
  layout.channel_axis =
      draw.below(2) == 0 ? 1 : static_cast<int>(draw.below(rank));
  layout.shape.insert(layout.shape.begin() + layout.channel_axis,
                      size.channels);
  return layout;
}

}  // namespace exactbn
