// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "tools/exactbn/host.h"

namespace exactbn {

// Prints to standard output, or to the host's.
template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  if (Host* const h = host()) {
    fmt::format_to(std::back_inserter(h->out), format,
                   std::forward<Args>(args)...);
  } else {
    fmt::print(format, std::forward<Args>(args)...);
  }
}

}  // namespace exactbn
