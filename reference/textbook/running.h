// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include "reference/textbook/matrix.h"

namespace exactbn {

// `momentum` is the weight of the new statistic (PyTorch, cuDNN).
template <class Real>
Row<Real> running_average(const Row<Real>& old, const Row<Real>& batch,
                          const std::type_identity_t<Real>& momentum) {
  return (Real(1) - momentum) * old + momentum * batch;
}

// `alpha` is the weight of the old statistic (Keras, ONNX).
template <class Real>
Row<Real> decaying_average(const Row<Real>& old, const Row<Real>& batch,
                           const std::type_identity_t<Real>& alpha) {
  return alpha * old + (Real(1) - alpha) * batch;
}

// The mean of all batches, `count` of them before this one.
template <class Real>
Row<Real> cumulative_average(const Row<Real>& old, const Row<Real>& batch,
                             std::int64_t count) {
  const auto n = static_cast<Real>(count);
  return (n * old + batch) / (n + Real(1));
}

// Var[x] = m/(m - 1) var (algorithm 2, step 10); 0/0 where m = 1.
template <class Real>
Row<Real> unbiased(const Row<Real>& var, std::int64_t m) {
  return var * static_cast<Real>(m) / static_cast<Real>(m - 1);
}

}  // namespace exactbn
