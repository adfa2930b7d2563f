// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include "reference/operation.h"

// Formats operations, inputs and outputs by name.
namespace exactbn {

template <class Name>
struct NameFormatter : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(Name name, Context& context) const {
    return fmt::formatter<std::string_view>::format(to_string(name), context);
  }
};

}  // namespace exactbn

template <>
struct fmt::formatter<exactbn::Operation>
    : exactbn::NameFormatter<exactbn::Operation> {};
template <>
struct fmt::formatter<exactbn::Input> : exactbn::NameFormatter<exactbn::Input> {
};
template <>
struct fmt::formatter<exactbn::Output>
    : exactbn::NameFormatter<exactbn::Output> {};
