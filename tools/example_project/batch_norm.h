// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

// Batch normalization in f32, with sums in double, parallel over channels.
namespace my {

// x[outer][channels][inner], row-major: NC, NCHW, NHWC and all others.
struct Layout {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;
};

// One value per channel; an empty gamma is 1, an empty beta 0.
struct Affine {
  std::span<const float> gamma;
  std::span<const float> beta;
};

// y = beta + gamma (x - mean) / sqrt(var + epsilon). Outputs the mean and
// variance of the batch, too.
void forward_training(const Layout& layout, std::span<const float> x,
                      const Affine& affine, double epsilon, std::span<float> y,
                      std::span<float> mean, std::span<float> var);

// The same y with given statistics.
void forward_inference(const Layout& layout, std::span<const float> x,
                       const Affine& affine, std::span<const float> mean,
                       std::span<const float> var, double epsilon,
                       std::span<float> y);

// The gradients of sum(dy y) with respect to x, gamma and beta, with statistics
// of the batch.
void backward_training(const Layout& layout, std::span<const float> x,
                       std::span<const float> dy, std::span<const float> gamma,
                       double epsilon, std::span<float> dx,
                       std::span<float> dgamma, std::span<float> dbeta);

}  // namespace my
