// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/listed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace exactbn {

std::string listed(std::string_view noun,
                   const std::vector<std::int64_t>& numbers) {
  constexpr std::size_t kShown = 4;
  const std::span shown(numbers.data(), std::min(numbers.size(), kShown));
  std::string text = fmt::format(
      "{}{} {}", noun, numbers.size() == 1 ? "" : "s", fmt::join(shown, ", "));
  if (numbers.size() > kShown) {
    text += fmt::format(" and {} more", numbers.size() - kShown);
  }
  return text;
}

}  // namespace exactbn
