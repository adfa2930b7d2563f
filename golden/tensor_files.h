// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "reference/tensor.h"

// Tensors in the files that other software writes. Every reader takes the whole
// file, needs memory in proportion to its size, and throws TensorFileError.
namespace exactbn {

// A file cannot be read. what() names the tensor and the field, not the file.
class TensorFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A tensor as a file holds it, of any type.
struct StoredTensor {
  std::string name;
  std::string alias;           // of its file, if it has a name of its own
  std::string type;            // as the file writes it, and what it means
  std::optional<DType> dtype;  // nothing if it is none of our formats
  std::int64_t width = 0;      // bytes of a value; 0 if not known
  Shape shape;                 // empty for a scalar
  std::string bytes;           // row-major, little-endian
};

// The number of values, or nothing if it does not fit in 63 bits. An extent may
// be 0 here.
std::optional<std::int64_t> count_of(const Shape& shape);

// The values, in the tensor's own format, or in `as` if a value has the width
// of that format: numpy knows no bf16, and stores its bits.
Tensor tensor_of(const StoredTensor& stored, std::optional<DType> as = {});

// Whether tensor_of could read the values as that format.
bool may_be_read_as(const StoredTensor& stored, DType as);

// The tensors of a .npy or .npz file (numpy.lib.format), a .safetensors file,
// or a .pb file of one onnx.TensorProto. A .npy file holds no name; it gets
// `stem`, and so does a TensorProto without one. Other files are refused as
// what they are.
std::vector<StoredTensor> read_tensors(std::string_view file,
                                       const std::string& stem);

}  // namespace exactbn
