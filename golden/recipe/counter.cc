// SPDX-License-Identifier: Apache-2.0
#include "golden/recipe/counter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// The index of an input is part of the formulas.
constexpr std::array<Input, 12> kStreams = {
    Input::x,           Input::gamma, Input::beta,    Input::running_mean,
    Input::running_var, Input::dy,    Input::x_dot,   Input::gamma_dot,
    Input::beta_dot,    Input::ddx,   Input::ddgamma, Input::ddbeta};

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

// The output function of SplitMix64 (Steele, Lea & Flood 2014).
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t number)
      : key_(mix(seed + number * kGolden)) {}
  std::uint64_t operator()(std::int64_t i) const {
    return mix(key_ + (static_cast<std::uint64_t>(i) + 1) * kGolden);
  }

 private:
  std::uint64_t key_;
};

// The a of the formulas: the format holds a + 2 bits and a sign exactly.
int bits_of(DType dtype) { return std::min(format(dtype).precision - 2, 32); }

// Triangular distribution on [-2^a, 2^a).
std::int64_t triangular(std::uint64_t r, int a) {
  const auto sum = static_cast<std::int64_t>((r >> 32) + (r & 0xffffffff));
  return (sum - 0xffffffff) >> (32 - a);  // rounds down
}

void set(Tensor& tensor, std::int64_t i, std::int64_t n, std::int64_t e) {
  const double value = std::ldexp(static_cast<double>(n), static_cast<int>(e));
  tensor.set_bits(i, round_to(value, tensor.dtype()));
}

// Each channel has its own scale and an offset of up to 2.5 deviations.
Tensor like_x(DType dtype, const Shape& shape, const ChannelView& view,
              const Stream& values, const Stream& channels) {
  Tensor tensor(dtype, shape);
  const int a = bits_of(dtype);
  const std::int64_t one = std::int64_t{1} << a;
  constexpr std::int64_t kChunk = 4096;
  parallel_for({tensor.size(), true, kChunk}, [&](std::int64_t i) {
    const std::uint64_t r = channels(view.channel(i));
    const std::int64_t offset =
        static_cast<std::int64_t>(r &
                                  (2 * static_cast<std::uint64_t>(one) - 1)) -
        one;
    const auto scale = static_cast<std::int64_t>(r >> 62) - 2;
    set(tensor, i, triangular(values(i), a) + offset, scale - a);
  });
  return tensor;
}

Tensor by_channel(Input name, DType dtype, std::int64_t channels,
                  const Stream& values) {
  Tensor tensor(dtype, {channels});
  const int a = bits_of(dtype);
  const std::int64_t one = std::int64_t{1} << a;
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::uint64_t r = values(c);
    std::int64_t n = triangular(r, a);
    if (name == Input::gamma || name == Input::running_var) {
      n = one + static_cast<std::int64_t>(r >> (64 - a));
      if (name == Input::gamma && r % 2 == 1) n = -n;
    }
    set(tensor, c, n, -a);
  }
  return tensor;
}

}  // namespace

Problem counter_problem(Operation operation, DType dtype, const Shape& shape,
                        int channel_axis, double epsilon,
                        std::optional<double> momentum, std::uint64_t seed) {
  Problem problem;
  problem.operation = operation;
  problem.channel_axis = channel_axis;
  problem.epsilon = epsilon;
  problem.momentum = momentum;
  const ChannelView view(shape, channel_axis);
  const DType parameters = dtype == DType::f64 ? dtype : DType::f32;
  for (const Input name : inputs_of(operation)) {
    const auto* const at = std::find(kStreams.begin(), kStreams.end(), name);
    const auto k = static_cast<std::uint64_t>(at - kStreams.begin());
    const Stream values(seed, 2 * k + 1);
    problem.inputs.emplace(
        name, shaped_like_x(name)
                  ? like_x(dtype, shape, view, values, Stream(seed, 2 * k + 2))
                  : by_channel(name, parameters, view.channels, values));
  }
  return problem;
}

}  // namespace exactbn
