// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "oracles/zoo/sums.h"
#include "reference/draw.h"
#include "reference/problem.h"

namespace exactbn::zoo {

// A range of exponents of 2.
struct Exponents {
  double low;
  double high;
};

// The ranges from which channels of a format are drawn, chosen so that no usual
// intermediate leaves the range of its working precision.
struct Ranges {
  Exponents deviation;  // of x
  Exponents rare;       // one channel in eight
  double ratio;         // |mean| / deviation, at most
  double dy;            // log2 of its deviation, either way
  double parameters;    // huge gamma and beta
  double top;           // of the mean
};

inline Ranges ranges_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return {{-60, 60}, {-140, 100}, 48, 20, 40, 200};
    case DType::f16:
    case DType::f8e5m2:
      return {{-14, 10}, {-20, 10}, 12, 6, 12, 11};
    case DType::f8e4m3fn:
      return {{-6, 4}, {-9, 4}, 5, 1, 6, 5};
    case DType::f32:
    case DType::bf16:
      break;
  }
  return {{-20, 20}, {-32, 20}, 20, 10, 20, 40};
}

inline double draw_exp2(Draw& draw, Exponents e) {
  return std::exp2(draw.between(e.low, e.high));
}

// 1 to 2^8; one in 100 up to 2^13, one in 400 up to 10^6.
inline std::int64_t draw_count(Draw& draw) {
  const std::uint64_t rare = draw.below(400);
  const double most = rare == 0 ? std::log2(1e6) : rare <= 3 ? 13 : 8;
  return static_cast<std::int64_t>(draw_exp2(draw, {0, most}));
}

inline double draw_epsilon(Draw& draw) {
  constexpr std::array<float, 4> all = {0, 1e-5F, 1e-3F, 1e-12F};
  return static_cast<double>(all[draw.below(all.size())]);
}

// Of either sign: ordinary, 0, or huge.
inline double draw_parameter(Draw& draw, double huge) {
  const std::uint64_t kind = draw.below(8);
  if (kind == 0) return 0;
  const double size =
      draw_exp2(draw, kind == 1 ? Exponents{huge / 2, huge} : Exponents{-4, 4});
  return size * draw.normal();
}

inline Tensor draw_values(Draw& draw, DType dtype, std::int64_t m,
                          double offset, double deviation) {
  std::vector<double> values(static_cast<std::size_t>(m));
  for (double& value : values) value = offset + deviation * draw.normal();
  return make_tensor(dtype, {m, 1}, values);
}

// One channel of m values for forward_training or backward_training. Parameters
// have the working precision.
inline Problem draw_channel(Draw& draw, DType dtype, Operation operation,
                            std::int64_t m) {
  const Ranges r = ranges_of(dtype);
  const DType working = dtype == DType::f64 ? DType::f64 : DType::f32;
  Problem p;
  p.operation = operation;
  p.epsilon = draw_epsilon(draw);
  const double deviation =
      draw_exp2(draw, draw.below(8) == 0 ? r.rare : r.deviation);
  const double most = std::min(r.ratio, r.top - std::log2(deviation));
  const double mean = draw.sign() * deviation * draw_exp2(draw, {-4, most});
  p.inputs[Input::x] = draw_values(draw, dtype, m, mean, deviation);
  const auto parameter = [&] {
    return make_tensor(working, {1},
                       std::vector{draw_parameter(draw, r.parameters)});
  };
  p.inputs[Input::gamma] = parameter();
  if (operation == Operation::forward_training)
    p.inputs[Input::beta] = parameter();
  if (operation == Operation::backward_training) {
    const double size = draw_exp2(draw, {-r.dy, r.dy});
    const double offset = draw.below(2) == 0 ? 0 : 30 * size;
    p.inputs[Input::dy] = draw_values(draw, dtype, m, offset, size);
  }
  return p;
}

// The values of a tensor, whose format W holds.
template <class W>
std::vector<W> values_of(const Tensor& tensor) {
  std::vector<W> values(static_cast<std::size_t>(tensor.size()));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<W>(tensor.value(i));
  }
  return values;
}

// Whether sequential additions of these values may round alike, so that their
// errors add up and bounds.md promises nothing: the deviation is below an ulp
// of the sum, or one value occurs 16 times on average.
inline bool stalls(const Tensor& tensor, double u) {
  std::vector<double> values = values_of<double>(tensor);
  const auto m = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / m;
  double v = 0;
  for (const double value : values) v += (value - mean) * (value - mean) / m;
  if (std::sqrt(v) < 2 * u * m * std::fabs(mean)) return true;
  std::sort(values.begin(), values.end());
  const auto end = std::unique(values.begin(), values.end());
  return m > 16 * static_cast<double>(end - values.begin());
}

}  // namespace exactbn::zoo
