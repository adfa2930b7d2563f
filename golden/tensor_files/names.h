// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference/operation.h"

namespace exactbn {

// A number that a file may hold as a scalar.
enum class Scalar : std::uint8_t { epsilon, momentum };

// What a tensor can be.
using Role = std::variant<Input, Output, Scalar>;

// inputs.x, outputs.y, epsilon
std::string to_string(const Role& role);

// Which side of a question a tensor is on, where the file or a prefix says so.
enum class Side : std::uint8_t { either, inputs, outputs };

// A name without a prefix `inputs.` or `outputs.` (or with a slash), and the
// side that the prefix names.
struct SidedName {
  Side side = Side::either;
  std::string_view name;
};
SidedName split_side(std::string_view name);

// The role that the wire format gives the name. running_mean and running_var
// are inputs unless `side` says otherwise.
std::optional<Role> role_of(std::string_view name, Side side);

// The role that frameworks give the name, whatever its case: weight is gamma.
// Nothing if it is not one of these names.
std::optional<Role> customary_role(std::string_view name, Side side);

}  // namespace exactbn
