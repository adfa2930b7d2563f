// SPDX-License-Identifier: Apache-2.0
#include <dlib/cuda/tensor.h>
#include <dlib/cuda/tensor_tools.h>
#include <dlib/revision.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tools/adapters/adapter.h"

namespace exactbn_adapter {
namespace {

using dlib::resizable_tensor;
using dlib::tensor;
namespace tt = dlib::tt;

// A tensor of dlib has four extents: samples, channels, rows, columns.
struct Extents {
  long long samples = 1, channels = 1, rows = 1, columns = 1;
};

Extents extents(const exactbn_tensor& x) {
  Extents e{x.shape[0], x.shape[1], 1, 1};
  if (x.rank > 2) e.rows = x.shape[2];
  // The values of a channel are contiguous, so further axes can be merged.
  for (std::int32_t i = 3; i < x.rank; ++i) e.columns *= x.shape[i];
  return e;
}

resizable_tensor loaded(const exactbn_tensor& data, const Extents& e) {
  const std::vector<float> values = widened<float>(data);
  resizable_tensor result(e.samples, e.channels, e.rows, e.columns);
  std::copy(values.begin(), values.end(), result.host());
  return result;
}

void put(exactbn_answer& answer, const char* name, const tensor& data) {
  exactbn_adapter::put(answer, name, EXACTBN_F32, data.host(),
                       data.size() * sizeof(float));
}

// Rank 2 is the layer bn_fc, which normalizes each value of a sample; any other
// rank is the layer bn_con, which normalizes channels.
class Run {
 public:
  Run(const exactbn_case& question, exactbn_answer& answer)
      : question_(question),
        answer_(answer),
        x_(required(question, "x")),
        extents_(extents(x_)),
        fc_(x_.rank == 2) {
    if (x_.dtype != EXACTBN_F32) throw Unsupported("dlib has only f32");
    if (question.channel_axis != 1)
      throw Unsupported("channels are not axis 1");
    if (!(question.epsilon > 0)) {
      throw Unsupported("dlib requires an epsilon above 0");
    }
  }

  void forward_training() {
    resizable_tensor y;
    resizable_tensor mean = filled(0);
    resizable_tensor invstd = filled(0);
    resizable_tensor running_mean = parameter("running_mean", 0);
    resizable_tensor running_var = parameter("running_var", 1);
    normalize(y, mean, invstd, momentum(), running_mean, running_var);
    put(answer_, "mean", mean);
    put(answer_, "invstd", invstd);
    put(answer_, "y", y);
    if (has("running_mean")) put(answer_, "running_mean", running_mean);
    if (has("running_var")) put(answer_, "running_var", running_var);
  }

  void forward_inference() {
    resizable_tensor y;
    (fc_ ? tt::batch_normalize_inference : tt::batch_normalize_conv_inference)(
        question_.epsilon, y, loaded(x_, extents_), parameter("gamma", 1),
        parameter("beta", 0), parameter("running_mean", 0),
        parameter("running_var", 1));
    put(answer_, "y", y);
  }

  void backward_training() {
    const resizable_tensor dy =
        loaded(required_like_x(question_, "dy"), extents_);
    resizable_tensor y;
    resizable_tensor mean = filled(0);
    resizable_tensor invstd = filled(0);
    resizable_tensor running_mean = filled(0);
    resizable_tensor running_var = filled(1);
    normalize(y, mean, invstd, 0, running_mean, running_var);
    resizable_tensor dx = dy;
    dx = 0;  // the gradient is added to it
    resizable_tensor dgamma = filled(0);
    resizable_tensor dbeta = filled(0);
    (fc_ ? tt::batch_normalize_gradient : tt::batch_normalize_conv_gradient)(
        question_.epsilon, dy, mean, invstd, loaded(x_, extents_),
        parameter("gamma", 1), dx, dgamma, dbeta);
    put(answer_, "dx", dx);
    put(answer_, "dgamma", dgamma);
    put(answer_, "dbeta", dbeta);
  }

 private:
  bool has(const char* name) const {
    return exactbn_input(&question_, name) != nullptr;
  }

  // dlib has no absent parameters.
  resizable_tensor parameter(const char* name, float absent) const {
    const exactbn_tensor* given = exactbn_input(&question_, name);
    return given != nullptr ? loaded(*given, {1, extents_.channels, 1, 1})
                            : filled(absent);
  }

  // One value per channel. Statistics that dlib computes must have this size,
  // too: dlib compares it with that of the running ones.
  resizable_tensor filled(float value) const {
    resizable_tensor result(1, extents_.channels, 1, 1);
    result = value;
    return result;
  }

  // The weight that a dlib layer passes: for the first batches, that of the
  // cumulative average.
  double momentum() const {
    return question_.cumulative != 0
               ? 1.0 / static_cast<double>(question_.batches_tracked + 1)
               : question_.momentum;
  }

  void normalize(resizable_tensor& y, resizable_tensor& mean,
                 resizable_tensor& invstd, double weight,
                 resizable_tensor& running_mean,
                 resizable_tensor& running_var) const {
    if (extents_.samples < 2) {
      throw Unsupported("dlib requires more than one sample");
    }
    (fc_ ? tt::batch_normalize : tt::batch_normalize_conv)(
        question_.epsilon, y, mean, invstd, weight, running_mean, running_var,
        loaded(x_, extents_), parameter("gamma", 1), parameter("beta", 0));
  }

  const exactbn_case& question_;
  exactbn_answer& answer_;
  const exactbn_tensor& x_;
  Extents extents_;
  bool fc_;
};

void answer(const exactbn_case& question, exactbn_answer& out) {
  const std::string_view operation = question.operation;
  Run run(question, out);
  if (operation == "forward_training") {
    run.forward_training();
  } else if (operation == "forward_inference") {
    run.forward_inference();
  } else if (operation == "backward_training") {
    run.backward_training();
  } else {
    throw Unsupported("dlib has no " + std::string(operation));
  }
}

exactbn_status run_case(const exactbn_case* question, exactbn_answer* out) {
  return status_of(*out, [&] { answer(*question, *out); });
}

std::string version() {
  return std::to_string(DLIB_MAJOR_VERSION) + "." +
         std::to_string(DLIB_MINOR_VERSION) + "." +
         std::to_string(DLIB_PATCH_VERSION);
}

std::string declaration() {
  return R"({"subject":"dlib )" + version() +
         R"(",)"
         R"("operations":["forward_training","forward_inference",)"
         R"("backward_training"],"dtypes":["f32"],"channel_axes":["1"],)"
         R"("outputs":{"forward_training":)"
         R"(["y","mean","invstd","running_mean","running_var"]},)"
         R"("running_variance":"unbiased","subnormals":"keep"})";
}

}  // namespace
}  // namespace exactbn_adapter

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const std::string declaration = exactbn_adapter::declaration();
  static const exactbn_plugin plugin = {EXACTBN_PLUGIN_ABI, declaration.c_str(),
                                        exactbn_adapter::run_case};
  return &plugin;
}
