// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/magnitude_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reference/lanes.h"
#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

// Columns that are summed side by side: neighbours of one channel, or channels.
constexpr int kLanes = 16;
using Lanes = std::array<double, kLanes>;

// Rows that are asked of the memory before their turn, where they lie apart.
constexpr std::int64_t kAhead = 16;

// Values a block, few enough for the first cache.
constexpr std::int64_t kBlock = 1024;
// Values of a channel that are summed one after the other, however many
// channels are; worth a thread.
constexpr std::int64_t kPart = std::int64_t{1} << 15;

enum Sum : std::uint8_t {
  kX,
  kCentred,
  kDySize,
  kDyX,
  kDyCentred,
  kDySquare,
  kUSize,
  kUX,
  kUCentred,
  kUSquare,
  kUDy,
  kSums,
};
using Sums = std::array<Lanes, kSums>;

// Rows of kLanes values of x, dy and u; the means of the lanes.
template <class Real>
struct Rows {
  const Real* x;
  const Real* dy;
  const Real* u;
  std::int64_t count;
  std::int64_t stride;
  Lanes mean;
  Lanes mean_low;
};

// Adds a value, d from the mean, to the sums of one lane; dy and u are 0 where
// they are absent. The loop of add_rows has the same: with this called there,
// g++ does not vectorize it.
EXACTBN_INLINE void add_value(double value, double from_mean, double dy,
                              double u, std::array<double, kSums>& sums) {
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

template <class Real>
EXACTBN_INLINE void prefetch_row(const Real* row) {
  constexpr int kLine = 64 / sizeof(Real);
  for (int l = 0; l < kLanes; l += kLine) __builtin_prefetch(row + l);
  __builtin_prefetch(row + kLanes - 1);  // a row need not begin with a line
}

template <class Real, bool has_dy, bool has_u>
EXACTBN_INLINE void add_rows(const Rows<Real>& rows, Sums& all) {
  // A copy: what is written could alias what is read.
  Sums sums = all;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const Real* const row_x = rows.x + r * rows.stride;
    const Real* const row_dy = has_dy ? rows.dy + r * rows.stride : nullptr;
    const Real* const row_u = has_u ? rows.u + r * rows.stride : nullptr;
    if (rows.stride > kLanes && r + kAhead < rows.count) {
      prefetch_row(row_x + kAhead * rows.stride);
      if constexpr (has_dy) prefetch_row(row_dy + kAhead * rows.stride);
      if constexpr (has_u) prefetch_row(row_u + kAhead * rows.stride);
    }
    EXACTBN_LANES
    for (std::size_t l = 0; l < kLanes; ++l) {
      const double value = row_x[l];
      const double x = std::fabs(value);
      // Exact where the values are close to their mean.
      double d = value - rows.mean[l];
      // An f32 that close to the mean has no use for its second double.
      if constexpr (sizeof(Real) == sizeof(double)) d -= rows.mean_low[l];
      d = std::fabs(d);
      sums[kX][l] += x;
      sums[kCentred][l] += d * x;
      if constexpr (has_dy) {
        const double f = std::fabs(static_cast<double>(row_dy[l]));
        sums[kDySize][l] += f;
        sums[kDyX][l] += f * x;
        sums[kDyCentred][l] += f * d;
        sums[kDySquare][l] += f * f;
      }
      if constexpr (has_u) {
        const double f = std::fabs(static_cast<double>(row_u[l]));
        sums[kUSize][l] += f;
        sums[kUX][l] += f * x;
        sums[kUCentred][l] += f * d;
        sums[kUSquare][l] += f * f;
        if constexpr (has_dy) {
          sums[kUDy][l] += f * std::fabs(static_cast<double>(row_dy[l]));
        }
      }
    }
  }
  all = sums;
}

template <class Real>
EXACTBN_INLINE void add_any(const Rows<Real>& rows, Sums& sums) {
  if (rows.u) {
    if (rows.dy) return add_rows<Real, true, true>(rows, sums);
    return add_rows<Real, false, true>(rows, sums);
  }
  if (rows.dy) return add_rows<Real, true, false>(rows, sums);
  add_rows<Real, false, false>(rows, sums);
}

template <class Real>
using Kernel = void (*)(const Rows<Real>&, Sums&);

template <class Real>
void baseline(const Rows<Real>& rows, Sums& sums) {
  add_any(rows, sums);
}

#if defined(__x86_64__)
template <class Real>
[[gnu::target("avx2")]] void avx2(const Rows<Real>& rows, Sums& sums) {
  add_any(rows, sums);
}

template <class Real>
[[gnu::target("avx512f,avx512dq")]] void avx512(const Rows<Real>& rows,
                                                Sums& sums) {
  add_any(rows, sums);
}
#endif

template <class Real>
Kernel<Real> best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    return avx512<Real>;
  }
  if (__builtin_cpu_supports("avx2")) return avx2<Real>;
#endif
  return baseline<Real>;
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

// The values [begin, begin + n) of the inputs, as they lie in f32 tensors or
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

MagnitudeSums named(const std::array<double, kSums>& s) {
  return {s[kX],
          s[kCentred],
          {s[kDySize], s[kDyX], s[kDyCentred], s[kDySquare]},
          {s[kUSize], s[kUX], s[kUCentred], s[kUSquare]},
          s[kUDy]};
}

// Lane l of all sums, added to those of a channel.
void add_lane(const Sums& sums, std::size_t lane,
              std::array<double, kSums>& to) {
  for (std::size_t s = 0; s < kSums; ++s) to[s] += sums[s][lane];
}

// Values [begin, end) of one channel.
template <class Real>
std::array<double, kSums> sum_along(const Inputs& inputs,
                                    const ChannelView& view,
                                    std::int64_t channel,
                                    const DoubleDouble& mean,
                                    std::int64_t begin, std::int64_t end) {
  static const Kernel<Real> kernel = best_kernel<Real>();
  Loaded<Real> loaded(inputs);
  Lanes high;
  Lanes low;
  high.fill(mean.high);
  low.fill(mean.low);
  Sums sums{};
  for (std::int64_t k = begin; k < end;) {
    const std::int64_t run =
        std::min({view.inner - k % view.inner, end - k, kBlock});
    loaded.load(view.offset(channel, k), run);
    const std::int64_t whole = run / kLanes * kLanes;
    Rows<Real> rows = loaded.rows(0, whole / kLanes, kLanes);
    rows.mean = high;
    rows.mean_low = low;
    kernel(rows, sums);
    if (whole < run) {
      // The rest, with zeros for what is not there: no product has them.
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
      kernel(rows, sums);
    }
    k += run;
  }
  std::array<double, kSums> total{};
  for (std::size_t l = 0; l < kLanes; ++l) add_lane(sums, l, total);
  return total;
}

// Values of a channel that lie apart from each other.
template <class Real>
class Apart {
 public:
  // Null stays null.
  Apart(const Tensor* tensor, const ChannelView& view, std::int64_t channel)
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

// Rows [begin, end) of one of several channels, as a lane of sum_across has
// them.
template <class Real>
std::array<double, kSums> sum_apart(const Inputs& inputs,
                                    const ChannelView& view,
                                    std::int64_t channel,
                                    const DoubleDouble& mean,
                                    std::int64_t begin, std::int64_t end) {
  const Apart<Real> all_x(&inputs.x, view, channel);
  const Apart<Real> all_dy(inputs.dy, view, channel);
  const Apart<Real> all_u(inputs.u, view, channel);
  std::array<double, kSums> sums{};
  for (std::int64_t k = begin; k < end; ++k) {
    const double value = all_x[k];
    double d = value - mean.high;
    if constexpr (sizeof(Real) == sizeof(double)) d -= mean.low;
    add_value(value, d, all_dy ? all_dy[k] : 0, all_u ? all_u[k] : 0, sums);
  }
  return sums;
}

// The same of kLanes channels from `first` on.
template <class Real>
Sums sum_across(const Inputs& inputs, const ChannelView& view,
                std::int64_t first, const Lanes& high, const Lanes& low,
                std::int64_t begin, std::int64_t end) {
  static const Kernel<Real> kernel = best_kernel<Real>();
  Loaded<Real> loaded(inputs);
  Sums sums{};
  if (all_are(inputs, sizeof(Real) == 4 ? DType::f32 : DType::f64)) {
    loaded.load(0, 0);  // nothing is copied
    Rows<Real> rows =
        loaded.rows(begin * view.channels + first, end - begin, view.channels);
    rows.mean = high;
    rows.mean_low = low;
    kernel(rows, sums);
  } else {
    for (std::int64_t r = begin; r < end; ++r) {
      loaded.load(r * view.channels + first, kLanes);
      Rows<Real> rows = loaded.rows(0, 1, kLanes);
      rows.mean = high;
      rows.mean_low = low;
      kernel(rows, sums);
    }
  }
  return sums;
}

// Those of parts, by channels, in the order of the parts.
std::vector<MagnitudeSums> total_of(
    const std::vector<std::array<double, kSums>>& parts,
    std::int64_t channels) {
  std::vector<std::array<double, kSums>> totals(
      static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& total = totals[i % totals.size()];
    for (std::size_t s = 0; s < kSums; ++s) total[s] += parts[i][s];
  }
  std::vector<MagnitudeSums> result;
  result.reserve(totals.size());
  for (const auto& total : totals) result.push_back(named(total));
  return result;
}

template <class Real>
std::vector<MagnitudeSums> along(const Inputs& inputs, const ChannelView& view,
                                 const Channels& channels,
                                 const std::vector<DoubleDouble>& means) {
  const std::int64_t m = view.count();
  const std::int64_t parts = (m + kPart - 1) / kPart;
  std::vector<std::array<double, kSums>> sums(
      static_cast<std::size_t>(channels.count * parts));
#pragma omp parallel for schedule(dynamic) if (m * channels.count > kPart)
  for (std::int64_t i = 0; i < channels.count * parts; ++i) {
    const std::int64_t c = i % channels.count;
    const std::int64_t begin = i / channels.count * kPart;
    const std::int64_t end = std::min(begin + kPart, m);
    const auto sum = view.inner == 1 ? sum_apart<Real> : sum_along<Real>;
    sums[static_cast<std::size_t>(i)] =
        sum(inputs, view, channels.first + c,
            means[static_cast<std::size_t>(c)], begin, end);
  }
  return total_of(sums, channels.count);
}

template <class Real>
std::vector<MagnitudeSums> across(const Inputs& inputs, const ChannelView& view,
                                  const Channels& channels,
                                  const std::vector<DoubleDouble>& means) {
  const std::int64_t groups = (channels.count + kLanes - 1) / kLanes;
  const std::int64_t parts = (view.outer + kPart - 1) / kPart;
  std::vector<std::array<double, kSums>> sums(
      static_cast<std::size_t>(channels.count * parts));
#pragma omp parallel for schedule(dynamic) if (view.count() * channels.count > \
                                               kPart)
  for (std::int64_t i = 0; i < groups * parts; ++i) {
    const std::int64_t g = i % groups;
    const std::int64_t begin = i / groups * kPart;
    // The last group ends where the channels do, and overlaps the one before.
    const std::int64_t base = std::min(g * kLanes, channels.count - kLanes);
    Lanes high;
    Lanes low;
    for (std::size_t l = 0; l < kLanes; ++l) {
      const DoubleDouble& mean = means[static_cast<std::size_t>(base) + l];
      high[l] = mean.high;
      low[l] = mean.low;
    }
    const Sums lanes =
        sum_across<Real>(inputs, view, channels.first + base, high, low, begin,
                         std::min(begin + kPart, view.outer));
    for (std::size_t l = 0; l < kLanes; ++l) {
      const std::int64_t c = base + static_cast<std::int64_t>(l);
      if (c < g * kLanes) continue;
      add_lane(lanes, l,
               sums[static_cast<std::size_t>(i / groups * channels.count + c)]);
    }
  }
  return total_of(sums, channels.count);
}

template <class Real>
std::vector<MagnitudeSums> sums_in(const Inputs& inputs,
                                   const ChannelView& view,
                                   const Channels& channels,
                                   const std::vector<DoubleDouble>& means) {
  return view.inner == 1 && channels.count >= kLanes
             ? across<Real>(inputs, view, channels, means)
             : along<Real>(inputs, view, channels, means);
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
