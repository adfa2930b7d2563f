// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/wrapped.h"

#include <algorithm>

#include "oracles/mismatch/lines.h"
#include "oracles/printable.h"

namespace exactbn {

std::string wrapped(const std::string& head, const std::string& text) {
  constexpr std::size_t kColumns = 100;
  const std::string words = printable(text);
  const std::size_t width = kColumns - head.size();
  std::string lines;
  std::size_t at = 0;
  do {
    std::size_t end = words.size();
    if (end - at > width) {
      const std::size_t space = words.rfind(' ', at + width);
      end = space == words.npos || space <= at
                ? std::min(words.find(' ', at), words.size())
                : space;
    }
    lines += cut_line((at == 0 ? head : std::string(head.size(), ' ')) +
                      words.substr(at, end - at));
    at = std::min(words.size(), end + 1);
  } while (at < words.size());
  return lines;
}

}  // namespace exactbn
