// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iterator>

#include "golden/export/arrays.h"
#include "golden/export/protobuf.h"
#include "golden/vector/bytes.h"
#include "golden/vector/dialect.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Field numbers and enumerators come from onnx/onnx.proto.
constexpr std::uint64_t kIrVersion = 8;
constexpr std::uint64_t kOpset = 15;

std::uint64_t data_type(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 11;
    case DType::f16:
      return 10;
    case DType::bf16:
      return 16;
    default:
      return 1;
  }
}

template <class Name>
struct Parameter {
  std::string_view onnx;  // its name in BatchNormalization-15
  Name ours;
};
constexpr Parameter<Input> kOnnxInputs[] = {{"X", Input::x},
                                            {"scale", Input::gamma},
                                            {"B", Input::beta},
                                            {"input_mean", Input::running_mean},
                                            {"input_var", Input::running_var}};
constexpr Parameter<Output> kOnnxOutputs[] = {
    {"Y", Output::y},
    {"running_mean", Output::running_mean},
    {"running_var", Output::running_var}};

bool is_training(const Problem& problem) {
  return problem.operation == Operation::forward_training;
}

// ONNX requires all five inputs: absent gamma and beta become 1 and 0.
Tensor input(const Problem& problem, Input name) {
  if (const Tensor* tensor = problem.find(name)) return *tensor;
  const Tensor* like =
      problem.find(name == Input::gamma ? Input::beta : Input::gamma);
  if (like == nullptr) like = problem.find(Input::running_mean);
  const Shape shape = shape_of(problem, name);
  const std::vector<double> values(
      static_cast<std::size_t>(element_count(shape)), traits(name).absent);
  return make_tensor(like->dtype(), shape, values);
}

std::string tensor_proto(std::string_view name, const Tensor& tensor) {
  Message proto;
  for (const std::int64_t extent : tensor.shape()) {
    proto.add(1, static_cast<std::uint64_t>(extent));  // dims
  }
  proto.add(2, data_type(tensor.dtype()));
  proto.add(8, name);
  proto.add(9, little_endian(tensor));  // raw_data
  return proto.bytes();
}

Message value_info(std::string_view name, const Tensor& tensor) {
  Message shape;
  for (const std::int64_t extent : tensor.shape()) {
    Message dimension;
    dimension.add(1, static_cast<std::uint64_t>(extent));
    shape.add(1, dimension);
  }
  Message tensor_type;
  tensor_type.add(1, data_type(tensor.dtype()));
  tensor_type.add(2, shape);
  Message type;
  type.add(1, tensor_type);
  Message info;
  info.add(1, name);
  info.add(2, type);
  return info;
}

Message attribute(std::string_view name, float value) {
  Message proto;
  proto.add(1, name);
  proto.add(2, value);
  proto.add(20, std::uint64_t{1});  // type: FLOAT
  return proto;
}

Message attribute(std::string_view name, std::uint64_t value) {
  Message proto;
  proto.add(1, name);
  proto.add(3, value);
  proto.add(20, std::uint64_t{2});  // type: INT
  return proto;
}

Message property(std::string_view key, std::string_view value) {
  Message entry;
  entry.add(1, key);
  entry.add(2, value);
  return entry;
}

struct NamedTensor {
  std::string_view name;
  Tensor values;
};

std::string model(const Vector& vector, const Generator& generator,
                  const std::vector<NamedTensor>& inputs,
                  const std::vector<NamedTensor>& outputs) {
  const Problem& problem = vector.question.problem;
  Message node;
  for (const NamedTensor& tensor : inputs) node.add(1, tensor.name);
  for (const NamedTensor& tensor : outputs) node.add(2, tensor.name);
  node.add(4, "BatchNormalization");
  node.add(5, attribute("epsilon", static_cast<float>(problem.epsilon)));
  if (is_training(problem)) {
    node.add(5, attribute("momentum", static_cast<float>(*problem.momentum)));
    node.add(5, attribute("training_mode", std::uint64_t{1}));
  }
  Message graph;
  graph.add(1, node);
  graph.add(2, vector.question.id);
  for (const NamedTensor& tensor : inputs) {
    graph.add(11, value_info(tensor.name, tensor.values));
  }
  for (const NamedTensor& tensor : outputs) {
    graph.add(12, value_info(tensor.name, tensor.values));
  }
  Message opset;
  opset.add(1, "");  // the domain of ONNX itself
  opset.add(2, kOpset);
  std::string labels;
  for (const std::string& label : vector.question.labels) {
    labels += (labels.empty() ? "" : " ") + label;
  }
  Message proto;
  proto.add(1, kIrVersion);
  proto.add(2, "exactbn");
  proto.add(3, generator.version);
  proto.add(6, vector.comment);
  proto.add(7, graph);
  proto.add(8, opset);
  proto.add(14, property("command", generator.command));
  proto.add(14, property("labels", labels));
  return proto.bytes();
}

}  // namespace

std::string why_not_onnx(const Problem& problem) {
  if (problem.operation != Operation::forward_inference &&
      !is_training(problem)) {
    return "not an ONNX operator";
  }
  try {
    require_valid(problem);
  } catch (const InvalidProblem&) {
    return "invalid input";
  }
  if (problem.channel_axis != 1) return "the channel axis is not 1";
  for (const Output name : {Output::running_mean, Output::running_var}) {
    const Tensor* statistic = problem.find(*traits(name).updates);
    if (statistic == nullptr) return "no running statistics";
    if (is_training(problem) &&
        statistic->dtype() != output_format(problem, name)) {
      return "parameters of several formats";
    }
  }
  if (input(problem, Input::gamma).dtype() !=
          input(problem, Input::beta).dtype() ||
      input(problem, Input::running_mean).dtype() !=
          input(problem, Input::running_var).dtype()) {
    return "parameters of several formats";
  }
  return {};
}

std::vector<OutputFile> export_onnx(const std::vector<Vector>& vectors,
                                    const Generator& generator) {
  const StandardEnvironment environment;
  std::vector<OutputFile> files;
  for (const VectorFile& group : dialect_files(vectors, generator)) {
    for (const Vector& vector : group.cases) {
      const Problem& problem = vector.question.problem;
      std::vector<NamedTensor> inputs;
      inputs.reserve(std::size(kOnnxInputs));
      for (const auto& p : kOnnxInputs) {
        inputs.push_back({p.onnx, input(problem, p.ours)});
      }
      std::vector<NamedTensor> outputs;
      for (const auto& p : kOnnxOutputs) {
        const auto output = vector.expected.outputs.find(p.ours);
        if (output == vector.expected.outputs.end()) continue;
        outputs.push_back({p.onnx, output->second.values});
      }
      const std::string folder = vector.question.id + '/';
      const auto add = [&](const std::string& kind,
                           const std::vector<NamedTensor>& tensors) {
        for (std::size_t i = 0; i < tensors.size(); ++i) {
          files.push_back(
              {fmt::format("{}test_data_set_0/{}_{}.pb", folder, kind, i),
               tensor_proto(tensors[i].name, tensors[i].values)});
        }
      };
      files.push_back(
          {folder + "model.onnx", model(vector, generator, inputs, outputs)});
      add("input", inputs);
      add("output", outputs);
    }
  }
  return files;
}

}  // namespace exactbn
