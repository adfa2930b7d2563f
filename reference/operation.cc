// SPDX-License-Identifier: Apache-2.0
#include "reference/operation.h"

#include <ostream>

namespace exactbn {

namespace {

// The entry of the table with that name.
template <class Name, class Table>
std::optional<Name> parse(const Table& table, std::string_view name) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].name == name) return static_cast<Name>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Operation> parse_operation(std::string_view name) {
  return parse<Operation>(kOperationTraits, name);
}

std::optional<Input> parse_input(std::string_view name) {
  return parse<Input>(kInputs, name);
}

std::optional<Output> parse_output(std::string_view name) {
  return parse<Output>(kOutputs, name);
}

std::ostream& operator<<(std::ostream& os, Operation operation) {
  return os << to_string(operation);
}

std::ostream& operator<<(std::ostream& os, Input input) {
  return os << to_string(input);
}

std::ostream& operator<<(std::ostream& os, Output output) {
  return os << to_string(output);
}

}  // namespace exactbn
