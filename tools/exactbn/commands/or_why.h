// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <new>
#include <string>
#include <system_error>

#include "tools/exactbn/usage_error.h"

namespace exactbn {

// What `read` returns. Its errors become UsageErrors that name the file.
template <class Read>
auto or_why(const std::string& file, const Read& read) {
  const std::string name = file == "-" ? "standard input" : file;
  try {
    return read();
  } catch (const std::system_error& error) {
    throw UsageError(name + ": " + error.code().message());
  } catch (const std::bad_alloc&) {
    throw UsageError(name + ": out of memory");
  }
}

}  // namespace exactbn
