// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/magnitude_sums.h"

#include <algorithm>
#include <cmath>

#include "oracles/judge/magnitude_kernel.h"
#include "reference/sums/sweep.h"
#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

using namespace magnitudes;

// Values per block: a block fits the L1 cache.
constexpr std::int64_t kBlock = 1024;
// Values of a channel that are summed in order; they are worth a thread.
constexpr std::int64_t kPart = std::int64_t{1} << 15;

// Adds a value at the distance `from_mean` from the mean to the sums of one
// lane; dy and u are 0 if absent. The kernel repeats this code in its loop,
// because g++ does not vectorize a call to it.
void add_value(double value, double from_mean, double dy, double u,
               std::array<double, kSums>& sums) {
  const double x = std::fabs(value);
  const double d = std::fabs(from_mean);
  const double f = std::fabs(dy);
  const double g = std::fabs(u);
  sums[kX] += x;
  sums[kCentred] += d * x;
  sums[kDySize] += f;
  sums[kDyX] += f * x;
  sums[kDyCentred] += f * d;
  sums[kDySquare] += f * f;
  sums[kUSize] += g;
  sums[kUX] += g * x;
  sums[kUCentred] += g * d;
  sums[kUSquare] += g * g;
  sums[kUDy] += g * f;
}

struct Inputs {
  const Tensor& x;
  const Tensor* dy;
  const Tensor* u;
};

bool all_are(const Inputs& inputs, DType dtype) {
  const auto is = [dtype](const Tensor* t) {
    return t == nullptr || t->dtype() == dtype;
  };
  return is(&inputs.x) && is(inputs.dy) && is(inputs.u);
}

// The values [begin, begin + n) of the inputs: f32 in place, all other formats
// as doubles.
template <class Real>
class Loaded {
 public:
  explicit Loaded(const Inputs& inputs) : inputs_(inputs) {}

  void load(std::int64_t begin, std::int64_t n) {
    x_ = values(inputs_.x, begin, n, buffers_[0]);
    dy_ = inputs_.dy ? values(*inputs_.dy, begin, n, buffers_[1]) : nullptr;
    u_ = inputs_.u ? values(*inputs_.u, begin, n, buffers_[2]) : nullptr;
  }

  Rows<Real> rows(std::int64_t begin, std::int64_t count,
                  std::int64_t stride) const {
    return {x_ + begin,
            dy_ ? dy_ + begin : nullptr,
            u_ ? u_ + begin : nullptr,
            count,
            stride,
            {},
            {}};
  }

 private:
  using Buffer = std::array<double, kBlock>;

  static const Real* values(const Tensor& tensor, std::int64_t begin,
                            std::int64_t n, Buffer& buffer) {
    if constexpr (sizeof(Real) == sizeof(float)) {
      return reinterpret_cast<const float*>(tensor.bytes().data()) + begin;
    } else {
      return load_block(tensor, begin, n, buffer.data());
    }
  }

  const Inputs& inputs_;
  std::array<Buffer, 3> buffers_;
  const Real* x_ = nullptr;
  const Real* dy_ = nullptr;
  const Real* u_ = nullptr;
};

// The sums of a channel.
struct Total {
  std::array<double, kSums> sums{};

  void add(const Total& part) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += part.sums[s];
  }
  void add_lane(const Sums& lanes, std::size_t lane) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += lanes[s][lane];
  }
};

MagnitudeSums to_magnitude_sums(const Total& total) {
  const auto& s = total.sums;
  return {s[kX],
          s[kCentred],
          {s[kDySize], s[kDyX], s[kDyCentred], s[kDySquare]},
          {s[kUSize], s[kUX], s[kUCentred], s[kUSquare]},
          s[kUDy]};
}

// The sums of a part of one channel whose values are contiguous.
template <class Real>
Total sum_along(const Inputs& inputs, const ChannelView& view, const Part& part,
                const DoubleDouble& mean) {
  Loaded<Real> loaded(inputs);
  Lanes high;
  Lanes low;
  high.fill(mean.high);
  low.fill(mean.low);
  Sums sums{};
  for (std::int64_t k = part.begin; k < part.end;) {
    const std::int64_t run =
        std::min({view.inner - k % view.inner, part.end - k, kBlock});
    loaded.load(view.offset(part.first, k), run);
    const std::int64_t whole = run / kLanes * kLanes;
    Rows<Real> rows = loaded.rows(0, whole / kLanes, kLanes);
    rows.mean = high;
    rows.mean_low = low;
    add_rows(rows, sums);
    if (whole < run) {
      // The remainder, padded with zeros: every term has x, dy or u as a
      // factor.
      std::array<std::array<Real, kLanes>, 3> rest{};
      const Rows<Real> last = loaded.rows(whole, 1, kLanes);
      const auto n = static_cast<std::size_t>(run - whole);
      std::copy_n(last.x, n, rest[0].begin());
      if (last.dy) std::copy_n(last.dy, n, rest[1].begin());
      if (last.u) std::copy_n(last.u, n, rest[2].begin());
      rows.x = rest[0].data();
      if (last.dy) rows.dy = rest[1].data();
      if (last.u) rows.u = rest[2].data();
      rows.count = 1;
      add_rows(rows, sums);
    }
    k += run;
  }
  Total total;
  for (std::size_t l = 0; l < kLanes; ++l) total.add_lane(sums, l);
  return total;
}

// The values of a channel if the channel axis is last.
template <class Real>
class StridedValues {
 public:
  // `tensor` may be null.
  StridedValues(const Tensor* tensor, const ChannelView& view,
                std::int64_t channel)
      : tensor_(tensor), channel_(channel), stride_(view.channels) {
    const DType real = sizeof(Real) == 4 ? DType::f32 : DType::f64;
    if (!tensor || tensor->dtype() != real) return;
    in_place_ = reinterpret_cast<const Real*>(tensor->bytes().data());
  }

  explicit operator bool() const { return tensor_ != nullptr; }

  double operator[](std::int64_t k) const {
    const std::int64_t i = k * stride_ + channel_;
    return in_place_ ? in_place_[i] : tensor_->value(i);
  }

 private:
  const Tensor* tensor_;
  std::int64_t channel_;
  std::int64_t stride_;
  const Real* in_place_ = nullptr;
};

// The sums of a part of one channel, in the order of a lane of sum_across.
template <class Real>
Total sum_strided(const Inputs& inputs, const ChannelView& view,
                  const Part& part, const DoubleDouble& mean) {
  const StridedValues<Real> all_x(&inputs.x, view, part.first);
  const StridedValues<Real> all_dy(inputs.dy, view, part.first);
  const StridedValues<Real> all_u(inputs.u, view, part.first);
  Total total;
  for (std::int64_t k = part.begin; k < part.end; ++k) {
    const double value = all_x[k];
    double d = value - mean.high;
    if constexpr (sizeof(Real) == sizeof(double)) d -= mean.low;
    add_value(value, d, all_dy ? all_dy[k] : 0, all_u ? all_u[k] : 0,
              total.sums);
  }
  return total;
}

// The sums of rows [begin, end) of the kLanes channels from `first` on.
template <class Real>
Sums sum_across(const Inputs& inputs, const ChannelView& view,
                std::int64_t first, const DoubleDouble* means,
                std::int64_t begin, std::int64_t end) {
  Lanes high;
  Lanes low;
  for (std::size_t l = 0; l < kLanes; ++l) {
    high[l] = means[l].high;
    low[l] = means[l].low;
  }
  Loaded<Real> loaded(inputs);
  Sums sums{};
  if (all_are(inputs, sizeof(Real) == 4 ? DType::f32 : DType::f64)) {
    loaded.load(0, 0);  // nothing is copied
    Rows<Real> rows =
        loaded.rows(begin * view.channels + first, end - begin, view.channels);
    rows.mean = high;
    rows.mean_low = low;
    add_rows(rows, sums);
  } else {
    for (std::int64_t r = begin; r < end; ++r) {
      loaded.load(r * view.channels + first, kLanes);
      Rows<Real> rows = loaded.rows(0, 1, kLanes);
      rows.mean = high;
      rows.mean_low = low;
      add_rows(rows, sums);
    }
  }
  return sums;
}

template <class Real>
std::vector<Total> along(const Inputs& inputs, const ChannelView& view,
                         const Channels& channels, const DoubleDouble* means) {
  const auto sum = view.inner == 1 ? sum_strided<Real> : sum_along<Real>;
  return sweep<Total>(
      view, channels, {1, kPart, kPart}, [&](const Part& part, Total* to) {
        *to = sum(inputs, view, part, means[part.first - channels.first]);
      });
}

template <class Real>
std::vector<Total> across(const Inputs& inputs, const ChannelView& view,
                          const Channels& channels, const DoubleDouble* means) {
  return sweep<Total>(
      view, channels, {kLanes, kPart, kPart}, [&](const Part& part, Total* to) {
        for_each_lanes(part.channels, kLanes, [&](auto base, auto fresh) {
          const std::int64_t first = part.first + base;
          const Sums lanes = sum_across<Real>(inputs, view, first,
                                              means + (first - channels.first),
                                              part.begin, part.end);
          for (std::int64_t l = fresh; l < kLanes; ++l) {
            to[base + l].add_lane(lanes, static_cast<std::size_t>(l));
          }
        });
      });
}

template <class Real>
std::vector<MagnitudeSums> sums_in(const Inputs& inputs,
                                   const ChannelView& view,
                                   const Channels& channels,
                                   const std::vector<DoubleDouble>& means) {
  const bool together = view.inner == 1 && channels.count >= kLanes;
  const auto totals =
      (together ? across<Real> : along<Real>)(inputs, view, channels,
                                              means.data());
  std::vector<MagnitudeSums> result;
  result.reserve(totals.size());
  for (const Total& total : totals) result.push_back(to_magnitude_sums(total));
  return result;
}

}  // namespace

bool MagnitudeSums::fits(long double size) {
  const long double positive = std::fabs(size);
  return size == 0 || (positive > 0x1p-450L && positive < 0x1p450L);
}

bool MagnitudeSums::in_range() const {
  return fits(x) && fits(dy.size) && fits(u.size);
}

std::vector<MagnitudeSums> magnitude_sums(
    const Tensor& x, const Tensor* dy, const Tensor* u, const ChannelView& view,
    const Channels& channels, const std::vector<DoubleDouble>& means) {
  const Inputs inputs = {x, dy, u};
  return all_are(inputs, DType::f32)
             ? sums_in<float>(inputs, view, channels, means)
             : sums_in<double>(inputs, view, channels, means);
}

}  // namespace exactbn
