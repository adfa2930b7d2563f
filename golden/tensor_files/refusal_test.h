// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "golden/tensor_files.h"

namespace exactbn {

// What a reader refuses a file with; empty if it reads it.
template <class Read>
std::string refusal(const Read& read) {
  try {
    read();
  } catch (const TensorFileError& error) {
    return error.what();
  }
  return {};
}

// A .npy file of version 1.
inline std::string npy_file(const std::string& header,
                            const std::string& values) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() % 256);
  file += static_cast<char>(header.size() / 256);
  return file + header + values;
}

}  // namespace exactbn
