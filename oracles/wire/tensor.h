// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oracles/wire/json_fields.h"
#include "reference/problem.h"

namespace exactbn {

// A tensor as an object of dtype, shape and bits.
void append_tensor(std::string& out, const Tensor& tensor);

// The fields of a tensor, of which an object may have others.
inline const std::vector<std::string_view> kTensorFields = {"dtype", "shape",
                                                            "bits"};
Tensor read_tensor(const Fields& fields);

// An object of tensors, which may have any names.
Tensors read_tensors(const json& value, const std::string& path);

}  // namespace exactbn
