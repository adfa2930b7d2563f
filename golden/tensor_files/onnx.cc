// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/onnx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "golden/tensor_files/protobuf_reader.h"
#include "golden/vector/bytes.h"
#include "oracles/wire/json_line.h"

// Field numbers and enumerators come from onnx/onnx.proto.
namespace exactbn {

namespace {

using Wire = MessageReader::Wire;

struct OnnxType {
  std::string_view name;
  std::int64_t width;  // bytes of a value; 0 if it is not fixed
  std::optional<DType> dtype = {};
};
// By TensorProto.DataType.
constexpr std::array kOnnxTypes = {
    OnnxType{"UNDEFINED", 0},
    OnnxType{"FLOAT", 4, DType::f32},
    OnnxType{"UINT8", 1},
    OnnxType{"INT8", 1},
    OnnxType{"UINT16", 2},
    OnnxType{"INT16", 2},
    OnnxType{"INT32", 4},
    OnnxType{"INT64", 8},
    OnnxType{"STRING", 0},
    OnnxType{"BOOL", 1},
    OnnxType{"FLOAT16", 2, DType::f16},
    OnnxType{"DOUBLE", 8, DType::f64},
    OnnxType{"UINT32", 4},
    OnnxType{"UINT64", 8},
    OnnxType{"COMPLEX64", 8},
    OnnxType{"COMPLEX128", 16},
    OnnxType{"BFLOAT16", 2, DType::bf16},
    OnnxType{"FLOAT8E4M3FN", 1, DType::f8e4m3fn},
    OnnxType{"FLOAT8E4M3FNUZ", 1},
    OnnxType{"FLOAT8E5M2", 1, DType::f8e5m2},
    OnnxType{"FLOAT8E5M2FNUZ", 1},
};

// Quotes a name from the file.
std::string named(std::string_view name) {
  return wire::brief(name.empty() ? "(no name)" : name);
}

}  // namespace

StoredTensor read_tensor_proto(std::string_view file, std::string name) {
  StoredTensor tensor;
  std::uint64_t type = 0;
  bool raw = false;
  bool external = false;
  bool segment = false;
  std::string_view raw_data;
  std::vector<MessageReader> typed;  // fields of values: the type may follow
  std::string own_name;
  MessageReader reader(file);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        reader.each(Wire::varint, [&](std::uint64_t extent) {
          if (extent > INT64_MAX || tensor.shape.size() == 32) {
            throw TensorFileError("dims: not a shape");
          }
          tensor.shape.push_back(static_cast<std::int64_t>(extent));
        });
        break;
      case 2:
        type = reader.integer();
        break;
      case 3:
        segment = true;
        break;
      case 4:   // float_data
      case 5:   // int32_data
      case 10:  // double_data
        typed.push_back(reader);
        break;
      case 8:
        own_name = reader.bytes();
        break;
      case 9:
        raw = true;
        raw_data = reader.bytes();
        break;
      case 14:
        external = reader.integer() == 1;
        break;
      default:
        break;
    }
  }
  if (!own_name.empty()) tensor.alias = name;
  tensor.name = own_name.empty() ? std::move(name) : own_name;
  const auto refuse = [&](const std::string& why) {
    throw TensorFileError(named(tensor.name) + ": " + why);
  };
  if (type == 0 || type >= kOnnxTypes.size()) {
    refuse(type == 0 ? "not an onnx.TensorProto: it has no data_type"
                     : fmt::format("data_type: unknown type {}", type));
  }
  const OnnxType& known = kOnnxTypes[type];
  tensor.type = known.name;
  tensor.dtype = known.dtype;
  tensor.width = known.width;
  if (!known.dtype) return tensor;  // refused by whoever uses it
  if (external) refuse("data_location: the values are in another file");
  if (segment) refuse("segment: only a part of the tensor");
  if (raw) {
    tensor.bytes = raw_data;
  } else {
    const std::uint64_t field = type == 1 ? 4 : type == 11 ? 10 : 5;
    const Wire wire = type == 1    ? Wire::fixed32
                      : type == 11 ? Wire::fixed64
                                   : Wire::varint;
    for (const MessageReader& part : typed) {
      if (part.field() != field) continue;
      part.each(wire, [&](std::uint64_t value) {
        tensor.bytes += little_endian(value, static_cast<int>(known.width));
      });
    }
  }
  const std::optional<std::int64_t> count = count_of(tensor.shape);
  std::int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, tensor.width, &bytes)) {
    refuse("dims: " + to_string(tensor.shape) + " has too many values");
  }
  if (bytes != std::ssize(tensor.bytes)) {
    refuse(fmt::format("{} bytes of values, expected {} ({} of {})",
                       tensor.bytes.size(), bytes, to_string(tensor.shape),
                       tensor.type));
  }
  return tensor;
}

namespace {

struct Attributes {
  bool training = false;
  bool spatial = true;
};

void read_attribute(std::string_view bytes, OnnxBatchNorm& node,
                    Attributes& attributes) {
  std::string_view name;
  float number = 0;
  std::uint64_t integer = 0;
  MessageReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == 1) name = reader.bytes();
    if (reader.field() == 2) number = reader.number();
    if (reader.field() == 3) integer = reader.integer();
  }
  if (name == "epsilon") node.epsilon = number;
  if (name == "momentum") node.momentum = number;
  if (name == "training_mode") attributes.training = integer != 0;
  if (name == "spatial") attributes.spatial = integer != 0;
}

void read_node(std::string_view bytes, OnnxBatchNorm& node) {
  std::string_view type;
  std::string_view domain;
  Attributes attributes;
  MessageReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == 1) node.inputs.emplace_back(reader.bytes());
    if (reader.field() == 2) node.outputs.emplace_back(reader.bytes());
    if (reader.field() == 4) type = reader.bytes();
    if (reader.field() == 5) read_attribute(reader.bytes(), node, attributes);
    if (reader.field() == 7) domain = reader.bytes();
  }
  if (type != "BatchNormalization" ||
      (!domain.empty() && domain != "ai.onnx")) {
    throw TensorFileError(fmt::format(
        "node: operator {}, expected BatchNormalization", named(type)));
  }
  if (!attributes.spatial) {
    throw TensorFileError("node: spatial: 0, expected 1");
  }
  node.training = attributes.training;
}

// The name of a ValueInfoProto.
std::string name_of(std::string_view bytes) {
  std::string name;
  MessageReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == 1) name = reader.bytes();
  }
  return name;
}

void read_graph(std::string_view bytes, OnnxBatchNorm& model) {
  int nodes = 0;
  MessageReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        if (nodes++ == 0) read_node(reader.bytes(), model);
        break;
      case 5:
        model.initializers.push_back(read_tensor_proto(reader.bytes(), ""));
        break;
      case 11:
        model.graph_inputs.push_back(name_of(reader.bytes()));
        break;
      case 12:
        model.graph_outputs.push_back(name_of(reader.bytes()));
        break;
      default:
        break;
    }
  }
  if (nodes != 1) {
    throw TensorFileError(fmt::format(
        "a model of {} nodes, expected one BatchNormalization", nodes));
  }
}

std::uint64_t version_of(std::string_view opset) {
  std::string_view domain;
  std::uint64_t version = 0;
  MessageReader reader(opset);
  while (reader.next()) {
    if (reader.field() == 1) domain = reader.bytes();
    if (reader.field() == 2) version = reader.integer();
  }
  return domain.empty() || domain == "ai.onnx" ? version : 0;
}

}  // namespace

OnnxBatchNorm read_onnx_batch_norm(std::string_view file) {
  OnnxBatchNorm model;
  std::uint64_t opset = 0;
  bool graph = false;
  MessageReader reader(file);
  while (reader.next()) {
    if (reader.field() == 7) {
      read_graph(reader.bytes(), model);
      graph = true;
    }
    if (reader.field() == 8) {
      opset = std::max(opset, version_of(reader.bytes()));
    }
  }
  if (!graph) throw TensorFileError("not an onnx.ModelProto: it has no graph");
  // Before 14 training had no flag; before 7 the operator meant other things.
  constexpr std::uint64_t kFlag = 14;
  if (opset < 7) {
    throw TensorFileError(
        fmt::format("opset_import: version {}, expected at least 7", opset));
  }
  if (model.inputs.size() != 5) {
    throw TensorFileError(
        fmt::format("node: {} inputs, expected 5", model.inputs.size()));
  }
  const std::size_t most = model.training ? 3 : 1;
  if (model.outputs.empty() || model.outputs.size() > most) {
    throw TensorFileError(fmt::format(
        "node: {} outputs, expected 1{}", model.outputs.size(),
        model.training  ? " to 3"
        : opset < kFlag ? ": training before version 14 is not known here"
                        : ""));
  }
  std::erase_if(model.graph_inputs, [&](const std::string& name) {
    return std::any_of(
        model.initializers.begin(), model.initializers.end(),
        [&](const StoredTensor& tensor) { return tensor.name == name; });
  });
  return model;
}

}  // namespace exactbn
