// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files.h"

#include <fmt/format.h>

#include "golden/tensor_files/file_kind.h"
#include "golden/tensor_files/little_endian.h"
#include "golden/tensor_files/npy.h"
#include "golden/tensor_files/onnx.h"
#include "golden/tensor_files/safetensors.h"

namespace exactbn {

std::optional<std::int64_t> count_of(const Shape& shape) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(count, extent, &count)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : count;
}

bool may_be_read_as(const StoredTensor& stored, DType as) {
  return stored.width == static_cast<std::int64_t>(width_in_bytes(as));
}

Tensor tensor_of(const StoredTensor& stored, std::optional<DType> as) {
  const std::optional<DType> dtype = as ? as : stored.dtype;
  if (!dtype) {
    throw TensorFileError(fmt::format(
        "{}: the type is {}; expected f64, f32, f16, bf16, f8e4m3fn or f8e5m2",
        stored.name, stored.type));
  }
  if (!may_be_read_as(stored, *dtype)) {
    throw TensorFileError(fmt::format(
        "{}: the type is {}, which does not have the {} bits of {}",
        stored.name, stored.type, format(*dtype).width, format(*dtype).name));
  }
  Tensor tensor;
  try {
    tensor = Tensor(*dtype, stored.shape);
  } catch (const std::invalid_argument& error) {
    throw TensorFileError(stored.name + ": " + error.what());
  }
  const std::size_t width = width_in_bytes(*dtype);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, load_little(stored.bytes,
                                   static_cast<std::size_t>(i) * width, width));
  }
  return tensor;
}

std::vector<StoredTensor> read_tensors(std::string_view file,
                                       const std::string& stem) {
  const FileKind kind = file_kind(file);
  switch (kind.format) {
    case FileFormat::npy:
      return {read_npy(file, stem)};
    case FileFormat::zip:
      return read_npz(file);
    case FileFormat::safetensors:
      return read_safetensors(file);
    case FileFormat::protobuf:
      return {read_tensor_proto(file, stem)};
    case FileFormat::text:
    case FileFormat::other:
      break;
  }
  throw TensorFileError(kind.what);
}

}  // namespace exactbn
