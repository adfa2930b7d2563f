// SPDX-License-Identifier: Apache-2.0
#include "reference/estimated_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reference/block_io.h"
#include "reference/lanes.h"

namespace exactbn {

namespace {

// Columns that are summed side by side: neighbours of one channel, or channels.
constexpr std::int64_t kLanes = 16;
// Rows that are summed as a tree; of f64 one after the other.
constexpr std::int64_t kTree = 8;
constexpr std::int64_t kStep = kLanes * kTree;
// Values of a lane, at most, until its sum is added to those of others.
constexpr std::int64_t kMostRows = std::int64_t{1} << 14;
// Rows of all channels that are read together, while the cache has them.
constexpr std::int64_t kRows = 64;
// Values that are worth a thread.
constexpr std::int64_t kTask = std::int64_t{1} << 18;
static_assert(kTask <= kLanes * kMostRows);

// bounds.md, "Estimated sums".
constexpr double kShortError = 0x1.9p-52;
constexpr double kLongError = 0x1p-76;
constexpr double kLeast = 0x1p-900;
constexpr double kMost = 0x1p900;

enum Sum : std::uint8_t { kX, kXX, kDy, kDyX, kDyDy, kSums };

// Of each lane the sums, as high + low.
struct Totals {
  std::array<std::array<double, kLanes>, kSums> high{};
  std::array<std::array<double, kLanes>, kSums> low{};
};

// Rows of kLanes values of x and dy; what lies `ahead` is needed next.
template <class Real>
struct Rows {
  const Real* x;
  const Real* dy;
  std::int64_t count;
  std::int64_t stride;
  std::int64_t ahead;
};

EXACTBN_INLINE void add(double value, double& high, double& low) {
  double lost;
  two_sum(high, value, high, lost);
  low += lost;
}

EXACTBN_INLINE void add_product(double a, double b, double& high, double& low) {
  const double product = a * b;
  add(product, high, low);
  low += std::fma(a, b, -product);
}

// The values of one lane.
template <class Real>
struct Lane {
  const Real* first;
  std::int64_t stride;

  EXACTBN_INLINE double operator[](std::int64_t i) const {
    return static_cast<double>(first[i * stride]);
  }
};

// Adds a_0 + ... + a_7, or a_0 b_0 + ... + a_7 b_7. As a tree, of products that
// are exact, each term is rounded three times.
template <bool precise, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, double& high, double& low) {
  if constexpr (precise) {
    for (std::int64_t i = 0; i < kTree; ++i) add(a[i], high, low);
  } else {
    add(((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7])), high,
        low);
  }
}

template <bool precise, bool fused, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, const Lane<Real>& b,
                            double& high, double& low) {
  if constexpr (precise) {
    for (std::int64_t i = 0; i < kTree; ++i) add_product(a[i], b[i], high, low);
  } else {
    const double p = madd<fused>(a[0], b[0], a[1] * b[1]);
    const double q = madd<fused>(a[2], b[2], a[3] * b[3]);
    const double r = madd<fused>(a[4], b[4], a[5] * b[5]);
    const double s = madd<fused>(a[6], b[6], a[7] * b[7]);
    add((p + q) + (r + s), high, low);
  }
}

template <class Real>
EXACTBN_INLINE void prefetch_row(const Real* row) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t l = 0; l < kLanes; l += kLine) {
    __builtin_prefetch(row + l, 0, 2);
  }
}

template <class Real, bool has_dy, bool precise, bool fused>
EXACTBN_INLINE void add_rows(const Rows<Real>& rows, Totals& totals) {
  Totals t = totals;  // what is written could alias what is read
  const std::int64_t stride = rows.stride;
  for (std::int64_t r = 0; r < rows.count; r += kTree) {
    const Real* const x = rows.x + r * stride;
    const Real* const dy = has_dy ? rows.dy + r * stride : nullptr;
    for (std::int64_t i = 0; i < kTree; ++i) {
      prefetch_row(x + i * stride + rows.ahead);
      if constexpr (has_dy) prefetch_row(dy + i * stride + rows.ahead);
    }
    EXACTBN_LANES
    for (std::size_t l = 0; l < kLanes; ++l) {
      const Lane<Real> a{x + l, stride};
      add_all<precise>(a, t.high[kX][l], t.low[kX][l]);
      add_all<precise, fused>(a, a, t.high[kXX][l], t.low[kXX][l]);
      if constexpr (has_dy) {
        const Lane<Real> b{dy + l, stride};
        add_all<precise>(b, t.high[kDy][l], t.low[kDy][l]);
        add_all<precise, fused>(b, a, t.high[kDyX][l], t.low[kDyX][l]);
        add_all<precise, fused>(b, b, t.high[kDyDy][l], t.low[kDyDy][l]);
      }
    }
  }
  totals = t;
}

template <class Real, bool precise>
using Kernel = void (*)(const Rows<Real>&, Totals&);

template <class Real, bool precise, bool fused>
EXACTBN_INLINE void add_any(const Rows<Real>& rows, Totals& totals) {
  if (rows.dy) return add_rows<Real, true, precise, fused>(rows, totals);
  add_rows<Real, false, precise, fused>(rows, totals);
}

template <class Real, bool precise>
void baseline(const Rows<Real>& rows, Totals& totals) {
  add_any<Real, precise, false>(rows, totals);
}

#if defined(__x86_64__)
template <class Real, bool precise>
[[gnu::target("avx2,fma")]] void avx2(const Rows<Real>& rows, Totals& totals) {
  add_any<Real, precise, true>(rows, totals);
}

template <class Real, bool precise>
[[gnu::target("avx512f,avx512dq,avx2,fma")]] void avx512(const Rows<Real>& rows,
                                                         Totals& totals) {
  add_any<Real, precise, true>(rows, totals);
}
#endif

template <class Real, bool precise>
Kernel<Real, precise> best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    return avx512<Real, precise>;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2<Real, precise>;
  }
#endif
  return baseline<Real, precise>;
}

// What is summed of a channel.
struct ChannelTotal {
  std::array<DoubleDouble, kSums> sums;

  void add_lane(const Totals& t, std::size_t lane) {
    for (std::size_t s = 0; s < kSums; ++s) {
      DoubleDouble part;
      two_sum(t.high[s][lane], t.low[s][lane], part.high, part.low);
      sums[s] = sums[s] + part;
    }
  }

  void add(const ChannelTotal& part) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] = sums[s] + part.sums[s];
  }
};

// Those of parts, added in their order, so that threads cannot show.
std::vector<ChannelTotal> total_of(
    const std::vector<std::vector<ChannelTotal>>& parts) {
  std::vector<ChannelTotal> result = parts.front();
  for (std::size_t p = 1; p < parts.size(); ++p) {
    for (std::size_t c = 0; c < result.size(); ++c) result[c].add(parts[p][c]);
  }
  return result;
}

struct Question {
  const Tensor& x;
  const Tensor* dy;
  const ChannelView& view;
  Channels channels;
};

template <class Real>
bool lie_as(const Tensor& tensor) {
  return tensor.dtype() == (sizeof(Real) == 4 ? DType::f32 : DType::f64);
}

// Values of a tensor as Real: in place, or copied to the buffer.
template <class Real>
const Real* values(const Tensor& tensor, std::int64_t begin, std::int64_t n,
                   double* buffer) {
  if constexpr (sizeof(Real) == sizeof(float)) {
    return reinterpret_cast<const float*>(tensor.bytes().data()) + begin;
  } else {
    return load_block(tensor, begin, n, buffer);
  }
}

// Values [begin, end) of one channel, whose values follow one another in runs.
template <class Real, bool precise>
Totals sum_along(const Question& q, std::int64_t channel, std::int64_t begin,
                 std::int64_t end) {
  static const Kernel<Real, precise> kernel = best_kernel<Real, precise>();
  constexpr std::int64_t kBlock = 8 * kStep;
  std::array<double, kBlock> buffer_x;
  std::array<double, kBlock> buffer_dy;
  const ChannelView& view = q.view;
  const std::int64_t to_next_run = view.channels * view.inner;
  const bool in_place = lie_as<Real>(q.x) && (!q.dy || lie_as<Real>(*q.dy));
  Totals totals;
  for (std::int64_t k = begin; k < end;) {
    const std::int64_t run = std::min(
        {view.inner - k % view.inner, end - k, in_place ? end : kBlock});
    const std::int64_t first = view.offset(channel, k);
    const Real* const x = values<Real>(q.x, first, run, buffer_x.data());
    const Real* const dy =
        q.dy ? values<Real>(*q.dy, first, run, buffer_dy.data()) : nullptr;
    const std::int64_t whole = run / kStep * kStep;
    kernel({x, dy, whole / kLanes, kLanes, in_place ? to_next_run : 0}, totals);
    if (whole < run) {
      // The rest, with zeros for what is not there.
      std::array<Real, kStep> rest_x{};
      std::array<Real, kStep> rest_dy{};
      std::copy(x + whole, x + run, rest_x.begin());
      if (dy) std::copy(dy + whole, dy + run, rest_dy.begin());
      kernel({rest_x.data(), dy ? rest_dy.data() : nullptr, kTree, kLanes, 0},
             totals);
    }
    k += run;
  }
  return totals;
}

template <class Real, bool precise>
std::vector<ChannelTotal> along(const Question& q) {
  const std::int64_t m = q.view.count();
  const auto count = static_cast<std::size_t>(q.channels.count);
  const std::int64_t parts = (m + kTask - 1) / kTask;
  std::vector<std::vector<ChannelTotal>> totals(
      static_cast<std::size_t>(parts), std::vector<ChannelTotal>(count));
#pragma omp parallel for collapse(2) \
    schedule(dynamic) if (m * q.channels.count > kTask)
  for (std::int64_t p = 0; p < parts; ++p) {
    for (std::int64_t c = 0; c < q.channels.count; ++c) {
      const std::int64_t begin = p * kTask;
      const Totals lanes = sum_along<Real, precise>(
          q, q.channels.first + c, begin, std::min(begin + kTask, m));
      ChannelTotal& total =
          totals[static_cast<std::size_t>(p)][static_cast<std::size_t>(c)];
      for (std::size_t l = 0; l < kLanes; ++l) total.add_lane(lanes, l);
    }
  }
  return total_of(totals);
}

// Rows [begin, end) of all channels that are asked for, in groups of kLanes.
template <class Real, bool precise>
std::vector<Totals> sum_across(const Question& q, std::int64_t begin,
                               std::int64_t end) {
  static const Kernel<Real, precise> kernel = best_kernel<Real, precise>();
  const std::int64_t groups = (q.channels.count + kLanes - 1) / kLanes;
  std::vector<Totals> totals(static_cast<std::size_t>(groups));
  const std::int64_t stride = q.view.channels;
  const auto* const all_x =
      reinterpret_cast<const Real*>(q.x.bytes().data()) + q.channels.first;
  const auto* const all_dy =
      q.dy ? reinterpret_cast<const Real*>(q.dy->bytes().data()) +
                 q.channels.first
           : nullptr;
  for (std::int64_t r = begin; r < end; r += kRows) {
    const std::int64_t count = std::min(kRows, end - r);
    const std::int64_t whole = count / kTree * kTree;
    for (std::int64_t g = 0; g < groups; ++g) {
      // The last group ends where the channels do, and overlaps the one before.
      const std::int64_t base = std::min(g * kLanes, q.channels.count - kLanes);
      Totals& to = totals[static_cast<std::size_t>(g)];
      const std::int64_t at = r * stride + base;
      kernel({all_x + at, all_dy ? all_dy + at : nullptr, whole, stride,
              kRows * stride},
             to);
      if (whole == count) continue;
      std::array<Real, kStep> rest_x{};
      std::array<Real, kStep> rest_dy{};
      for (std::int64_t i = whole; i < count; ++i) {
        const std::int64_t row = at + i * stride;
        std::copy_n(all_x + row, kLanes, rest_x.begin() + (i - whole) * kLanes);
        if (!all_dy) continue;
        std::copy_n(all_dy + row, kLanes,
                    rest_dy.begin() + (i - whole) * kLanes);
      }
      kernel(
          {rest_x.data(), all_dy ? rest_dy.data() : nullptr, kTree, kLanes, 0},
          to);
    }
  }
  return totals;
}

template <class Real, bool precise>
std::vector<ChannelTotal> across(const Question& q) {
  // So many at most, as each has its totals.
  constexpr std::int64_t kParts = 256;
  const std::int64_t rows = q.view.outer;
  const std::int64_t length =
      std::max({kTask / q.channels.count, kRows, rows / kParts + 1});
  const std::int64_t parts = (rows + length - 1) / length;
  std::vector<std::vector<ChannelTotal>> totals(
      static_cast<std::size_t>(parts));
#pragma omp parallel for schedule(dynamic) if (rows * q.channels.count > kTask)
  for (std::int64_t p = 0; p < parts; ++p) {
    auto& of_part = totals[static_cast<std::size_t>(p)];
    of_part.resize(static_cast<std::size_t>(q.channels.count));
    const std::int64_t end = std::min((p + 1) * length, rows);
    for (std::int64_t r = p * length; r < end; r += kMostRows) {
      const std::vector<Totals> lanes =
          sum_across<Real, precise>(q, r, std::min(r + kMostRows, end));
      for (std::int64_t c = 0; c < q.channels.count; ++c) {
        const std::int64_t g = c / kLanes;
        const std::int64_t base =
            std::min(g * kLanes, q.channels.count - kLanes);
        of_part[static_cast<std::size_t>(c)].add_lane(
            lanes[static_cast<std::size_t>(g)],
            static_cast<std::size_t>(c - base));
      }
    }
  }
  return total_of(totals);
}

// Whether a sum of squares says that no product has left the range.
bool in_range(double square) { return square >= kLeast && square <= kMost; }

std::vector<EstimatedSums> named(const std::vector<ChannelTotal>& totals,
                                 bool has_dy, double error) {
  std::vector<EstimatedSums> result;
  for (const ChannelTotal& t : totals) {
    const double dy_square = t.sums[kDyDy].high;
    const bool known =
        in_range(t.sums[kXX].high) && (!has_dy || in_range(dy_square));
    result.push_back({known, t.sums[kX], t.sums[kXX], t.sums[kDy], t.sums[kDyX],
                      dy_square, error});
  }
  return result;
}

template <class Real, bool precise>
std::vector<EstimatedSums> sums_in(const Question& q) {
  const bool apart = q.view.inner == 1;
  return named(apart ? across<Real, precise>(q) : along<Real, precise>(q),
               q.dy != nullptr, precise ? kLongError : kShortError);
}

}  // namespace

std::vector<EstimatedSums> estimated_sums(const Tensor& x, const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels) {
  const auto all_are = [&](DType dtype) {
    return x.dtype() == dtype && (!dy || dy->dtype() == dtype);
  };
  const auto any_is = [&](DType dtype) {
    return x.dtype() == dtype || (dy && dy->dtype() == dtype);
  };
  const Question q = {x, dy, view, channels};
  if (view.inner == 1) {
    if (channels.count < kLanes) return {};
    if (!all_are(DType::f32) && !all_are(DType::f64)) return {};
  }
  if (all_are(DType::f32)) return sums_in<float, false>(q);
  if (any_is(DType::f64)) return sums_in<double, true>(q);
  return sums_in<double, false>(q);
}

}  // namespace exactbn
