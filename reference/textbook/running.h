// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "reference/textbook/matrix.h"

namespace exactbn {

// A statistic is a number, or a row of them.
template <class Statistic>
struct RealOf {
  using Type = Statistic;
};
template <class Real>
struct RealOf<Row<Real>> {
  using Type = Real;
};

// `momentum` is the weight of the new statistic (PyTorch, cuDNN).
template <class Statistic, class Real = typename RealOf<Statistic>::Type>
Statistic running_average(const Statistic& old, const Statistic& batch,
                          const std::type_identity_t<Real>& momentum) {
  return (Real(1) - momentum) * old + momentum * batch;
}

// `alpha` is the weight of the old statistic (Keras, ONNX).
template <class Statistic, class Real = typename RealOf<Statistic>::Type>
Statistic decaying_average(const Statistic& old, const Statistic& batch,
                           const std::type_identity_t<Real>& alpha) {
  return alpha * old + (Real(1) - alpha) * batch;
}

// The mean of all batches, `count` of them before this one.
template <class Statistic, class Real = typename RealOf<Statistic>::Type>
Statistic cumulative_average(const Statistic& old, const Statistic& batch,
                             std::int64_t count) {
  const auto n = static_cast<Real>(count);
  return (n * old + batch) / (n + Real(1));
}

// Var[x] = m/(m - 1) var (algorithm 2, step 10); 0/0 where m = 1.
template <class Statistic, class Real = typename RealOf<Statistic>::Type>
Statistic unbiased(const Statistic& var, std::int64_t m) {
  return var * static_cast<Real>(m) / static_cast<Real>(m - 1);
}

}  // namespace exactbn
