// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace exactbn {

// The integer in the bytes [at, at + width), little-endian; bytes beyond the
// end of the file count as 0.
inline std::uint64_t load_little(std::string_view file, std::size_t at,
                                 std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = std::min(width, sizeof value); i-- > 0;) {
    value <<= 8;
    if (at + i < file.size()) value |= static_cast<unsigned char>(file[at + i]);
  }
  return value;
}

}  // namespace exactbn
