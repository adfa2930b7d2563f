// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "golden/export/arrays.h"
#include "golden/export/zip_file.h"
#include "golden/vector/bytes.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// numpy's name of a format. Formats that numpy lacks are stored as unsigned
// bits.
std::string_view descr(std::optional<DType> dtype) {
  if (!dtype) return "|S1";
  switch (*dtype) {
    case DType::f64:
      return "<f8";
    case DType::f32:
      return "<f4";
    case DType::f16:
      return "<f2";
    case DType::bf16:
      return "<u2";
    case DType::f8e4m3fn:
    case DType::f8e5m2:
      break;
  }
  return "|u1";
}

// NPY version 1.0 (numpy.lib.format), byte for byte as numpy.save writes it.
std::string npy(std::string_view descr, const Shape& shape,
                std::string_view bytes) {
  std::string header = fmt::format(
      "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descr,
      fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t kBefore = 10;  // magic, version, length of the header
  constexpr std::size_t kAlignment = 64;
  while ((kBefore + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += little_endian(header.size(), 2);
  text += header;
  text += bytes;
  return text;
}

}  // namespace

std::vector<OutputFile> export_npz(const std::vector<Vector>& vectors,
                                   const Generator& generator) {
  const StandardEnvironment environment;
  std::vector<OutputFile> files;
  for (const ArrayFile& file : array_files(vectors, generator)) {
    ZipFile zip;
    const std::string metadata = file.metadata.dump();
    zip.add("metadata.npy",
            npy(fmt::format("|S{}", metadata.size()), {}, metadata));
    for (const NamedArray& array : file.arrays) {
      zip.add(array.name + ".npy",
              npy(descr(array.dtype), array.shape, array.bytes));
    }
    files.push_back({file.stem + ".npz", zip.take()});
  }
  return files;
}

}  // namespace exactbn
