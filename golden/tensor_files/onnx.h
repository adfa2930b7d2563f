// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden/tensor_files.h"

namespace exactbn {

// An onnx.TensorProto, with the values in raw_data or in a field of their type.
// Without a name it gets `name`.
StoredTensor read_tensor_proto(std::string_view file, std::string name);

// A model of one BatchNormalization node.
struct OnnxBatchNorm {
  bool training = false;
  float epsilon = 1e-5F;  // the defaults of the operator
  float momentum = 0.9F;
  // The names of its inputs X, scale, B, input_mean, input_var, and of its
  // outputs Y, running_mean, running_var: at most as many.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  // The inputs and outputs of the model, in the order of the files input_0.pb
  // ..., and what the model itself holds.
  std::vector<std::string> graph_inputs;
  std::vector<std::string> graph_outputs;
  std::vector<StoredTensor> initializers;
};

// Refuses other models, and versions of the operator before 7.
OnnxBatchNorm read_onnx_batch_norm(std::string_view file);

}  // namespace exactbn
