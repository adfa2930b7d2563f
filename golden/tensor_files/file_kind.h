// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exactbn {

enum class FileFormat : std::uint8_t {
  text,  // perhaps lines of the wire format
  npy,
  zip,  // .npz, or another archive
  safetensors,
  protobuf,  // not recognized by its content, but not known to be anything else
  other,
};

struct FileKind {
  FileFormat format = FileFormat::other;
  // What it is and what to do instead, such as "an HDF5 file; save arrays with
  // numpy.savez".
  std::string what;
};

// Recognizes a file by its content.
FileKind file_kind(std::string_view file);

}  // namespace exactbn
