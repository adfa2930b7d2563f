// SPDX-License-Identifier: Apache-2.0
#include "batch_norm.h"

#include <cmath>
#include <cstddef>

namespace my {

namespace {

// Calls f with the index of each value of channel c.
template <class F>
void each(const Layout& layout, std::int64_t c, F f) {
  for (std::int64_t n = 0; n < layout.outer; ++n) {
    const std::int64_t row = (n * layout.channels + c) * layout.inner;
    for (std::int64_t i = 0; i < layout.inner; ++i) {
      f(static_cast<std::size_t>(row + i));
    }
  }
}

template <class F>
double sum(const Layout& layout, std::int64_t c, F f) {
  double total = 0;
  each(layout, c, [&](std::size_t i) { total += f(i); });
  return total;
}

double at(std::span<const float> values, std::int64_t c, double otherwise) {
  return values.empty() ? otherwise : values[static_cast<std::size_t>(c)];
}

struct Statistics {
  double mean = 0;
  double var = 0;
};

Statistics statistics(const Layout& layout, std::int64_t c,
                      std::span<const float> x) {
  const auto m = static_cast<double>(layout.outer * layout.inner);
#ifdef BATCH_NORM_BROKEN
  float s1 = 0;
  float s2 = 0;
  each(layout, c, [&](std::size_t i) { s1 += x[i], s2 += x[i] * x[i]; });
  const float mean = s1 / static_cast<float>(m);
  return {mean, s2 / static_cast<float>(m) - mean * mean};
#else
  const double mean =
      sum(layout, c, [&](std::size_t i) -> double { return x[i]; }) / m;
  const double squares = sum(
      layout, c, [&](std::size_t i) { return (x[i] - mean) * (x[i] - mean); });
  return {mean, squares / m};
#endif
}

void normalize(const Layout& layout, std::int64_t c, std::span<const float> x,
               const Affine& affine, const Statistics& s, double epsilon,
               std::span<float> y) {
  const double scale = at(affine.gamma, c, 1) / std::sqrt(s.var + epsilon);
  const double beta = at(affine.beta, c, 0);
  each(layout, c, [&](std::size_t i) {
    y[i] = static_cast<float>((x[i] - s.mean) * scale + beta);
  });
}

}  // namespace

void forward_training(const Layout& layout, std::span<const float> x,
                      const Affine& affine, double epsilon, std::span<float> y,
                      std::span<float> mean, std::span<float> var) {
#pragma omp parallel for
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    const Statistics s = statistics(layout, c, x);
    mean[static_cast<std::size_t>(c)] = static_cast<float>(s.mean);
    var[static_cast<std::size_t>(c)] = static_cast<float>(s.var);
    normalize(layout, c, x, affine, s, epsilon, y);
  }
}

void forward_inference(const Layout& layout, std::span<const float> x,
                       const Affine& affine, std::span<const float> mean,
                       std::span<const float> var, double epsilon,
                       std::span<float> y) {
#pragma omp parallel for
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    normalize(layout, c, x, affine, {at(mean, c, 0), at(var, c, 1)}, epsilon,
              y);
  }
}

void backward_training(const Layout& layout, std::span<const float> x,
                       std::span<const float> dy, std::span<const float> gamma,
                       double epsilon, std::span<float> dx,
                       std::span<float> dgamma, std::span<float> dbeta) {
  const auto m = static_cast<double>(layout.outer * layout.inner);
#pragma omp parallel for
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    const Statistics s = statistics(layout, c, x);
    const double invstd = 1 / std::sqrt(s.var + epsilon);
    const auto xhat = [&](std::size_t i) { return (x[i] - s.mean) * invstd; };
    const double db =
        sum(layout, c, [&](std::size_t i) -> double { return dy[i]; });
    const double dg =
        sum(layout, c, [&](std::size_t i) { return dy[i] * xhat(i); });
    const double scale = at(gamma, c, 1) * invstd;
    each(layout, c, [&](std::size_t i) {
      dx[i] = static_cast<float>(scale * (dy[i] - (db + xhat(i) * dg) / m));
    });
    dgamma[static_cast<std::size_t>(c)] = static_cast<float>(dg);
    dbeta[static_cast<std::size_t>(c)] = static_cast<float>(db);
  }
}

}  // namespace my
