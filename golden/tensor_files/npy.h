// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden/tensor_files.h"

namespace exactbn {

// A .npy file, version 1 to 3, of either byte order and either order of axes.
StoredTensor read_npy(std::string_view file, std::string name);

// A .npz file: its members, without the ending .npy.
std::vector<StoredTensor> read_npz(std::string_view file);

}  // namespace exactbn
