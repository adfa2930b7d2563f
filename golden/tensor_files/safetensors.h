// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden/tensor_files.h"

namespace exactbn {

// A safetensors file, by the description of its format: the values fill the
// file after the header, without gaps or overlaps.
std::vector<StoredTensor> read_safetensors(std::string_view file);

}  // namespace exactbn
