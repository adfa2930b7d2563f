// SPDX-License-Identifier: Apache-2.0
#include "reference/conventions.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace exactbn {

namespace {

using enum MomentumIs;
using enum Saved;
using enum VarianceDivisor;

constexpr std::array kConventions = {
    // torch.nn.BatchNorm2d; aten/src/ATen/native/Normalization.cpp returns
    // save_mean and save_invstd.
    Convention{"pytorch", 1e-5, 0.1, weight_of_new, m_minus_1, mean_and_invstd},
    // tf.raw_ops.FusedBatchNormV3 (exponential_avg_factor 1: only the batch
    // counts); core/kernels/fused_batch_norm_op.cc, "Bessel's correction". This
    // row is the CPU kernel, which takes 1 for m - 1 = 0; on a GPU it is cuDNN.
    Convention{"tensorflow", 1e-4, 1.0, weight_of_new, m_minus_1, mean_and_var},
    // keras.layers.BatchNormalization, which averages the moments themselves;
    // with tf.keras' fused=True the kernel above corrects them first
    // (tensorflow#55545).
    Convention{"keras", 1e-3, 0.99, weight_of_old, m, up_to_autodiff},
    // BatchNormalization-15: "ReduceVar refers to the population variance".
    // epsilon and momentum are float attributes.
    Convention{"onnx", 1e-5, 0.9, weight_of_old, m, nothing},
    // Developer guide, "Batch Normalization": the batch's mean and variance are
    // outputs of the training pass, to be averaged by the caller.
    Convention{"onednn", {}, {}, absent, m, mean_and_var},
    // cudnnBatchNormalizationForwardTraining: exponentialAverageFactor,
    // resultSaveInvVariance. epsilon is at least CUDNN_BN_MIN_EPSILON, 0 in the
    // headers of version 8 and 1e-5 in the early ones.
    Convention{"cudnn", {}, {}, weight_of_new, m_minus_1, mean_and_invstd},
    // caffe.proto, BatchNormParameter; src/caffe/layers/batch_norm_layer.cpp,
    // bias_correction_factor (1 where m = 1), x_norm_ and temp_.
    Convention{"caffe", 1e-5, 0.999, weight_of_old_sum, m_minus_1,
               xhat_and_std},
    // flax.linen.BatchNorm: "decay rate for the exponential moving average".
    Convention{"flax", 1e-5, 0.99, weight_of_old, m, up_to_autodiff},
    // mxnet.npx.batch_norm: "outputs both data_mean and the inverse of
    // data_var". The formula is the documented one; with cuDNN the running
    // variance is cuDNN's (mxnet#21111).
    Convention{"mxnet", 1e-3, 0.9, weight_of_old, m, mean_and_invstd},
    // paddle.nn.functional.batch_norm; phi/kernels/cpu/batch_norm_kernel.cc,
    // "inverse SavedVariance first, gradient will use it too".
    Convention{"paddle", 1e-5, 0.9, weight_of_old, m, mean_and_invstd},
};

}  // namespace

std::span<const Convention> conventions() { return kConventions; }

std::optional<Convention> find_convention(std::string_view framework) {
  const auto* const row = std::find_if(
      kConventions.begin(), kConventions.end(),
      [&](const Convention& c) { return c.framework == framework; });
  if (row == kConventions.end()) return std::nullopt;
  return *row;
}

double converted_weight(const Convention& convention, double momentum) {
  switch (convention.momentum_is) {
    case MomentumIs::weight_of_new:
      return momentum;
    case MomentumIs::weight_of_old:
    case MomentumIs::weight_of_old_sum:
      return 1 - momentum;
    case MomentumIs::absent:
      break;
  }
  throw std::invalid_argument(std::string(convention.framework) +
                              " keeps no running statistics");
}

}  // namespace exactbn
