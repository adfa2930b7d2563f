// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "tools/exactbn/host.h"

namespace exactbn {

// Prints to standard error, or to the host's. If that cannot be written, such
// as a terminal that has gone, nothing else is lost: fmt::print would throw.
template <class... Args>
void complain(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  if (Host* const h = host()) {
    h->err += text;
    return;
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace exactbn
