// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/onnx.h"

#include <gtest/gtest.h>

#include "golden/export/protobuf.h"
#include "golden/tensor_files/refusal_test.h"

namespace exactbn {
namespace {

using namespace std::string_literals;

Message tensor_of_type(std::uint64_t type, std::uint64_t extent = 2) {
  Message tensor;
  tensor.add(1, extent);
  tensor.add(2, type);
  return tensor;
}

Tensor read(const Message& tensor) {
  return tensor_of(read_tensor_proto(tensor.bytes(), "x"));
}

TEST(TensorProto, ReadsRawData) {
  Message tensor = tensor_of_type(1);
  tensor.add(9, "\0\0\xc0\x3f\0\0\0\x40"s);
  const Tensor wanted = make_tensor(DType::f32, {2}, std::vector{1.5, 2.0});
  EXPECT_EQ(read(tensor), wanted);
  tensor.add(8, "own");
  const StoredTensor named = read_tensor_proto(tensor.bytes(), "input_0");
  EXPECT_EQ(named.name, "own");
  EXPECT_EQ(named.alias, "input_0");
}

TEST(TensorProto, ReadsTypedValuesPackedOrNot) {
  Message packed = tensor_of_type(1);
  packed.add(4, "\0\0\xc0\x3f\0\0\0\x40"s);
  const Tensor wanted = make_tensor(DType::f32, {2}, std::vector{1.5, 2.0});
  EXPECT_EQ(read(packed), wanted);
  Message single = tensor_of_type(1);
  single.add(4, 1.5F);
  single.add(4, 2.0F);
  EXPECT_EQ(read(single), wanted);
  Message f64 = tensor_of_type(11, 1);
  f64.add(10, "\0\0\0\0\0\0\xf8\x3f"s);
  EXPECT_EQ(read(f64).value(0), 1.5);
  // f16, bf16 and f8 are integers: 0x3e00, 0x3fc0 and 0x3c.
  for (const auto& [type, bits] :
       {std::pair<std::uint64_t, std::uint64_t>{10, 0x3e00},
        {16, 0x3fc0},
        {17, 0x3c},
        {19, 0x3e}}) {
    Message tensor = tensor_of_type(type, 1);
    tensor.add(5, bits);
    EXPECT_EQ(read(tensor).value(0), 1.5) << type;
  }
}

TEST(TensorProto, RefusesWhatItCannotMean) {
  const auto refused = [](const Message& tensor) {
    return refusal([&] { read(tensor); });
  };
  EXPECT_EQ(refused({}), "x: not an onnx.TensorProto: it has no data_type");
  EXPECT_EQ(refused(tensor_of_type(99)), "x: data_type: unknown type 99");
  EXPECT_EQ(refused(tensor_of_type(7)),
            "x: the type is INT64; expected f64, f32, f16, bf16, f8e4m3fn or "
            "f8e5m2");
  EXPECT_EQ(refused(tensor_of_type(1)),
            "x: 0 bytes of values, expected 8 (2 of FLOAT)");
  Message external = tensor_of_type(1);
  external.add(14, std::uint64_t{1});
  EXPECT_EQ(refused(external),
            "x: data_location: the values are in another file");
  Message part = tensor_of_type(1);
  part.add(3, "");
  EXPECT_EQ(refused(part), "x: segment: only a part of the tensor");
  Message huge = tensor_of_type(1, std::uint64_t{1} << 62);
  huge.add(1, std::uint64_t{4});
  EXPECT_EQ(refused(huge),
            "x: dims: 4611686018427387904x4 has too many values");
  Message wrong_wire = tensor_of_type(1);
  wrong_wire.add(9, std::uint64_t{1});
  EXPECT_EQ(refused(wrong_wire), "field 9: wire type 0, expected 2");
  EXPECT_EQ(refusal([] { read_tensor_proto("\x0a\x05"s, "x"); }),
            "not a protobuf message, or it ends too early");
  EXPECT_EQ(refusal([] { read_tensor_proto(std::string(11, '\xff'), "x"); }),
            "not a protobuf message: an integer is too long");
  EXPECT_EQ(refusal([] { read_tensor_proto("\x0b"s, "x"); }),
            "not a protobuf message: tag 11");
}

Message named(int field, std::string_view name) {
  Message message;
  message.add(field, name);
  return message;
}

struct Model {
  std::string type = "BatchNormalization";
  std::uint64_t opset = 15;
  int outputs = 1;
  int nodes = 1;
  int inputs = 5;
  bool training = false;
  bool spatial = true;

  std::string bytes() const {
    Message node;
    for (int i = 0; i < inputs; ++i) node.add(1, std::string(1, char('a' + i)));
    for (int i = 0; i < outputs; ++i)
      node.add(2, std::string(1, char('p' + i)));
    node.add(4, type);
    Message epsilon = named(1, "epsilon");
    epsilon.add(2, 0.25F);
    node.add(5, epsilon);
    Message mode = named(1, "training_mode");
    mode.add(3, std::uint64_t{training});
    node.add(5, mode);
    if (!spatial) {
      Message old = named(1, "spatial");
      old.add(3, std::uint64_t{0});
      node.add(5, old);
    }
    Message graph;
    for (int i = 0; i < nodes; ++i) graph.add(1, node);
    Message constant = tensor_of_type(1, 1);
    constant.add(8, "b");
    constant.add(9, "\0\0\xc0\x3f"s);
    graph.add(5, constant);
    graph.add(11, named(1, "a"));
    graph.add(11, named(1, "b"));
    graph.add(12, named(1, "p"));
    Message version;
    version.add(2, opset);
    Message model;
    model.add(8, version);
    model.add(7, graph);
    return model.bytes();
  }
};

TEST(OnnxModel, SaysWhatItsNodeSays) {
  const OnnxBatchNorm model =
      read_onnx_batch_norm(Model{.outputs = 3, .training = true}.bytes());
  EXPECT_TRUE(model.training);
  EXPECT_EQ(model.epsilon, 0.25F);
  EXPECT_EQ(model.momentum, 0.9F);
  EXPECT_EQ(model.inputs.back(), "e");
  EXPECT_EQ(model.outputs.back(), "r");
  EXPECT_EQ(model.graph_inputs, std::vector<std::string>{"a"});
  ASSERT_EQ(model.initializers.size(), 1U);
  EXPECT_EQ(tensor_of(model.initializers[0]).value(0), 1.5);
}

TEST(OnnxModel, RefusesOtherModels) {
  const auto refused = [](const Model& model) {
    return refusal([&] { read_onnx_batch_norm(model.bytes()); });
  };
  EXPECT_EQ(refused({.type = "Conv"}),
            "node: operator Conv, expected BatchNormalization");
  EXPECT_EQ(refused({.opset = 6}),
            "opset_import: version 6, expected at least 7");
  EXPECT_EQ(refused({.nodes = 2}),
            "a model of 2 nodes, expected one BatchNormalization");
  EXPECT_EQ(refused({.inputs = 4}), "node: 4 inputs, expected 5");
  EXPECT_EQ(refused({.outputs = 3}), "node: 3 outputs, expected 1");
  EXPECT_EQ(refused({.opset = 9, .outputs = 5}),
            "node: 5 outputs, expected 1: training before version 14 is not "
            "known here");
  EXPECT_EQ(refused({.outputs = 4, .training = true}),
            "node: 4 outputs, expected 1 to 3");
  EXPECT_EQ(refused({.spatial = false}), "node: spatial: 0, expected 1");
  EXPECT_EQ(refusal([] { read_onnx_batch_norm(""); }),
            "not an onnx.ModelProto: it has no graph");
}

}  // namespace
}  // namespace exactbn
