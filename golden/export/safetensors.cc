// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/export/arrays.h"
#include "golden/vector/bytes.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

using nlohmann::ordered_json;

std::string_view name_of(std::optional<DType> dtype) {
  if (!dtype) return "U8";
  switch (*dtype) {
    case DType::f64:
      return "F64";
    case DType::f32:
      return "F32";
    case DType::f16:
      return "F16";
    case DType::bf16:
      return "BF16";
    case DType::f8e4m3fn:
      return "F8_E4M3";
    case DType::f8e5m2:
      break;
  }
  return "F8_E5M2";
}

int width(const NamedArray& array) {
  return array.dtype ? format(*array.dtype).width : 8;
}

// The header's length in 8 bytes, the header, padded with spaces to a multiple
// of 8, and the tensors without gaps, the widest first, so that each lies at a
// multiple of its width (safetensors, "Format").
std::string write(ArrayFile file) {
  std::stable_sort(
      file.arrays.begin(), file.arrays.end(),
      [](const auto& a, const auto& b) { return width(a) > width(b); });
  ordered_json header;
  // Only strings are allowed here; other values become JSON text.
  for (const auto& [name, value] : file.metadata.items()) {
    header["__metadata__"][name] =
        value.is_string() ? value.get<std::string>() : value.dump();
  }
  std::size_t at = 0;
  for (const NamedArray& array : file.arrays) {
    header[array.name] = {{"dtype", name_of(array.dtype)},
                          {"shape", array.shape},
                          {"data_offsets", {at, at + array.bytes.size()}}};
    at += array.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  text.insert(0, little_endian(text.size(), 8));
  for (const NamedArray& array : file.arrays) text += array.bytes;
  return text;
}

}  // namespace

std::vector<OutputFile> export_safetensors(const std::vector<Vector>& vectors,
                                           const Generator& generator) {
  const StandardEnvironment environment;
  std::vector<OutputFile> files;
  for (ArrayFile& file : array_files(vectors, generator)) {
    std::string name = file.stem + ".safetensors";
    files.push_back({std::move(name), write(std::move(file))});
  }
  return files;
}

}  // namespace exactbn
