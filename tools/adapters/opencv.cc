// SPDX-License-Identifier: Apache-2.0
#include <opencv2/dnn.hpp>
#include <string>
#include <string_view>

#include "tools/adapters/adapter.h"

namespace exactbn_adapter {
namespace {

cv::Mat loaded(const exactbn_tensor& tensor) {
  const std::vector<int> shape(tensor.shape, tensor.shape + tensor.rank);
  const std::vector<float> values = widened<float>(tensor);
  cv::Mat result(shape, CV_32F);
  std::memcpy(result.ptr(), values.data(), values.size() * sizeof(float));
  return result;
}

// A row with one value per channel.
cv::Mat parameter(const exactbn_tensor& tensor) {
  return loaded(tensor).reshape(1, 1);
}

// A BatchNorm layer as model importers create it: the blobs are the mean, the
// variance, then gamma and beta if present.
cv::dnn::LayerParams layer(const exactbn_case& question) {
  cv::dnn::LayerParams params;
  params.set("eps", question.epsilon);
  params.blobs.push_back(parameter(required(question, "running_mean")));
  params.blobs.push_back(parameter(required(question, "running_var")));
  const exactbn_tensor* gamma = exactbn_input(&question, "gamma");
  const exactbn_tensor* beta = exactbn_input(&question, "beta");
  params.set("has_weight", gamma != nullptr);
  params.set("has_bias", beta != nullptr);
  if (gamma != nullptr) params.blobs.push_back(parameter(*gamma));
  if (beta != nullptr) params.blobs.push_back(parameter(*beta));
  return params;
}

void forward_inference(const exactbn_case& question, exactbn_answer& answer) {
  const exactbn_tensor& x = required(question, "x");
  if (x.dtype != EXACTBN_F32) throw Unsupported("OpenCV has only f32");
  if (question.channel_axis != 1) throw Unsupported("channels are not axis 1");
  if (static_cast<double>(static_cast<float>(question.epsilon)) !=
      question.epsilon) {
    throw Unsupported("OpenCV takes a float epsilon, and this is not one");
  }
  cv::dnn::Net net;
  cv::dnn::LayerParams params = layer(question);
  net.addLayerToPrev("bn", "BatchNorm", params);
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  net.setInput(loaded(x));
  const cv::Mat y = net.forward();
  if (y.type() != CV_32F || !y.isContinuous() || y.total() != size(x)) {
    throw std::logic_error("OpenCV answered in another shape or format");
  }
  put(answer, "y", EXACTBN_F32, y.ptr(), size(x) * sizeof(float));
}

exactbn_status run_case(const exactbn_case* question, exactbn_answer* out) {
  return status_of(*out, [&] {
    if (std::string_view(question->operation) != "forward_inference") {
      throw Unsupported("OpenCV has only inference");
    }
    forward_inference(*question, *out);
  });
}

// A net flushes subnormals to 0, by design (FPDenormalsIgnoreHintScope in its
// sources).
constexpr const char* kDeclaration =
    R"({"subject":"OpenCV )" CV_VERSION R"(",)"
    R"("operations":["forward_inference"],"dtypes":["f32"],)"
    R"("channel_axes":["1"],"outputs":{"forward_inference":["y"]},)"
    R"("subnormals":"flush"})";

}  // namespace
}  // namespace exactbn_adapter

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {EXACTBN_PLUGIN_ABI,
                                        exactbn_adapter::kDeclaration,
                                        exactbn_adapter::run_case};
  return &plugin;
}
