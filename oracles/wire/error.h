// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace exactbn {

// A line that does not follow the wire format. what() names the case and the
// field.
class WireError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace exactbn
