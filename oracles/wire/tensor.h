// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/wire/json_fields.h"
#include "reference/problem.h"

namespace exactbn::wire {

// Appends a tensor as an object with dtype, shape and bits.
void append_tensor(std::string& out, const Tensor& tensor);

// The fields of a tensor; an object may have others.
inline const std::vector<std::string_view> kTensorFields = {"dtype", "shape",
                                                            "bits"};
Tensor read_tensor(const Fields& fields);

// An object of tensors by name. `parse` maps a name to its value; if it returns
// nothing, the error is `unknown`.
template <class Name>
TensorsBy<Name> read_tensors(const json& value, const std::string& path,
                             std::optional<Name> (*parse)(std::string_view),
                             std::string_view unknown) {
  TensorsBy<Name> tensors;
  for (const auto& [text, tensor] : as_object(value, path).items()) {
    const std::optional<Name> name = parse(text);
    if (!name) refuse(below(path, text), unknown);
    tensors.emplace(*name,
                    read_tensor({tensor, below(path, text), kTensorFields}));
  }
  return tensors;
}

}  // namespace exactbn::wire
