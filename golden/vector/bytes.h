// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "reference/tensor.h"

namespace exactbn {

// The bits of all values, each little-endian.
std::string little_endian(const Tensor& tensor);
std::string little_endian(std::uint64_t bits, int bytes);

}  // namespace exactbn
