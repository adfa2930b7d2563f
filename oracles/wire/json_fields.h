// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oracles/wire/json_line.h"

namespace exactbn::wire {

// The value as its type. Throws WireError that names `path` for a value of
// another type.
const json& as_array(const json& value, std::string_view path);
const json& as_object(const json& value, std::string_view path);
const std::string& as_text(const json& value, std::string_view path);
const std::string& as_nonempty_text(const json& value, std::string_view path);

template <class Integer>
Integer as_integer(const json& value, std::string_view path) {
  if (!value.is_number_integer()) {
    refuse(path, fmt::format("{}, expected an integer", value.type_name()));
  }
  const bool fits = value.is_number_unsigned()
                        ? std::in_range<Integer>(value.get<std::uint64_t>())
                        : std::in_range<Integer>(value.get<std::int64_t>());
  if (!fits) refuse(path, fmt::format("{} is out of range", value.dump()));
  return value.get<Integer>();
}

// An object whose fields are all known.
class Fields {
 public:
  Fields(const json& value, std::string path,
         const std::vector<std::string_view>& known);

  std::string path(std::string_view name) const { return below(path_, name); }
  // Null if the field is absent; at() throws instead.
  const json* find(std::string_view name) const;
  const json& at(std::string_view name) const;

 private:
  const json& value_;
  std::string path_;
};

}  // namespace exactbn::wire
