// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace exactbn {

// Whether two names are equal. Those of tensors have 1 to 12 letters, and to
// look one up a library's function of memory would take longer than this.
inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // The first and the last few letters, which may be the same ones.
  const auto same_ends = [&]<class Word>(Word) {
    const auto word = [&](const char* at) {
      Word letters;
      std::memcpy(&letters, at, sizeof letters);
      return letters;
    };
    const std::size_t last = a.size() - sizeof(Word);
    return word(a.data()) == word(b.data()) &&
           word(a.data() + last) == word(b.data() + last);
  };
  if (a.size() > 16) return a == b;
  if (a.size() >= 8) return same_ends(std::uint64_t{});
  if (a.size() >= 4) return same_ends(std::uint32_t{});
  if (a.size() >= 2) return same_ends(std::uint16_t{});
  return a.empty() || a[0] == b[0];
}

}  // namespace exactbn
