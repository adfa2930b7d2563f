// SPDX-License-Identifier: Apache-2.0
#include "reference/estimated_sums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

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
constexpr int kRowBits = 14;
constexpr std::int64_t kMostRows = std::int64_t{1} << kRowBits;
// Rows of all channels that are read together, while the cache has them.
constexpr std::int64_t kRows = 256;
// Values that are worth a thread.
constexpr std::int64_t kTask = std::int64_t{1} << 18;
static_assert(kTask <= kLanes * kMostRows);

// bounds.md, "Estimated sums".
constexpr double kShortError = 0x1.9p-52;
constexpr double kLongError = 0x1p-76;
constexpr double kLeast = 0x1p-900;
constexpr double kMost = 0x1p900;
// Values that the unit of a biased sum is taken from, and by how many binades
// the mean of the squares of all may exceed their largest.
constexpr std::int64_t kSample = 1024;
constexpr int kMargin = 4;

// How values are added: by trees of plain additions, whose products are exact;
// by two-sums; or to a number so large that what an addition loses is found by
// two subtractions. Of the latter two, and of f64 alone, sizes are summed too.
enum class Adds : std::uint8_t { trees, two_sums, biased };

enum Sum : std::uint8_t { kX, kXX, kSize, kDy, kDyX, kDyDy, kDySize, kSums };

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

// What is lost goes to low, with `more`.
template <Adds adds>
EXACTBN_INLINE void add(double value, double more, double& high, double& low) {
  double lost;
  if constexpr (adds == Adds::biased) {
    const double sum = high + value;
    lost = value - (sum - high);
    high = sum;
  } else {
    two_sum(high, value, high, lost);
  }
  low += lost + more;
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
template <Adds adds, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, double& high, double& low) {
  if constexpr (adds != Adds::trees) {
    for (std::int64_t i = 0; i < kTree; ++i) add<adds>(a[i], 0, high, low);
  } else {
    add<adds>(((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7])),
              0, high, low);
  }
}

template <Adds adds, bool fused, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, const Lane<Real>& b,
                            double& high, double& low) {
  if constexpr (adds != Adds::trees) {
    for (std::int64_t i = 0; i < kTree; ++i) {
      const double product = a[i] * b[i];
      add<adds>(product, std::fma(a[i], b[i], -product), high, low);
    }
  } else {
    const double p = madd<fused>(a[0], b[0], a[1] * b[1]);
    const double q = madd<fused>(a[2], b[2], a[3] * b[3]);
    const double r = madd<fused>(a[4], b[4], a[5] * b[5]);
    const double s = madd<fused>(a[6], b[6], a[7] * b[7]);
    add<adds>((p + q) + (r + s), 0, high, low);
  }
}

// The sizes of the values.
template <class Real>
EXACTBN_INLINE void add_sizes(const Lane<Real>& a, double& sum) {
  for (std::int64_t i = 0; i < kTree; ++i) sum += std::fabs(a[i]);
}

template <class Real>
EXACTBN_INLINE void prefetch_row(const Real* row) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t l = 0; l < kLanes; l += kLine) {
    __builtin_prefetch(row + l, 0, 2);
  }
}

template <class Real, bool has_dy, Adds adds, bool fused>
EXACTBN_INLINE void add_rows(const Rows<Real>& rows, Totals& totals) {
  // A copy: what is written could alias what is read.
  constexpr std::size_t kCount = has_dy ? kSums : kDy;
  std::array<std::array<double, kLanes>, kCount> high;
  std::array<std::array<double, kLanes>, kCount> low;
  std::copy_n(totals.high.begin(), kCount, high.begin());
  std::copy_n(totals.low.begin(), kCount, low.begin());
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
      add_all<adds>(a, high[kX][l], low[kX][l]);
      add_all<adds, fused>(a, a, high[kXX][l], low[kXX][l]);
      if constexpr (adds != Adds::trees) add_sizes(a, high[kSize][l]);
      if constexpr (has_dy) {
        const Lane<Real> b{dy + l, stride};
        add_all<adds>(b, high[kDy][l], low[kDy][l]);
        add_all<adds, fused>(b, a, high[kDyX][l], low[kDyX][l]);
        add_all<adds, fused>(b, b, high[kDyDy][l], low[kDyDy][l]);
        if constexpr (adds != Adds::trees) add_sizes(b, high[kDySize][l]);
      }
    }
  }
  std::copy_n(high.begin(), kCount, totals.high.begin());
  std::copy_n(low.begin(), kCount, totals.low.begin());
}

template <class Real, Adds adds>
using Kernel = void (*)(const Rows<Real>&, Totals&);

template <class Real, Adds adds, bool fused>
EXACTBN_INLINE void add_any(const Rows<Real>& rows, Totals& totals) {
  if (rows.dy) return add_rows<Real, true, adds, fused>(rows, totals);
  add_rows<Real, false, adds, fused>(rows, totals);
}

template <class Real, Adds adds>
void baseline(const Rows<Real>& rows, Totals& totals) {
  add_any<Real, adds, false>(rows, totals);
}

#if defined(__x86_64__)
template <class Real, Adds adds>
[[gnu::target("avx2,fma")]] void avx2(const Rows<Real>& rows, Totals& totals) {
  add_any<Real, adds, true>(rows, totals);
}

template <class Real, Adds adds>
[[gnu::target("avx512f,avx512dq,avx2,fma")]] void avx512(const Rows<Real>& rows,
                                                         Totals& totals) {
  add_any<Real, adds, true>(rows, totals);
}
#endif

template <class Real, Adds adds>
Kernel<Real, adds> best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    return avx512<Real, adds>;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2<Real, adds>;
  }
#endif
  return baseline<Real, adds>;
}

// What biased sums begin with: 1.5 2^52 units, so large that each stays in its
// binade and is a multiple of its unit (bounds.md).
class Biases {
 public:
  // By the first of n values. None where they do not tell a unit.
  template <class Real>
  static std::optional<Biases> of(const Real* x, const Real* dy,
                                  std::int64_t n) {
    Biases biases;
    const auto of_x = unit_of_squares(x, n);
    const auto of_dy = dy ? unit_of_squares(dy, n) : 0;
    if (!of_x || !of_dy) return {};
    biases.set(kXX, *of_x);
    biases.set(kX, unit_of_values(*of_x));
    if (!dy) return biases;
    biases.set(kDyDy, *of_dy);
    biases.set(kDy, unit_of_values(*of_dy));
    biases.set(kDyX, half_up(*of_x + *of_dy) + 1);
    return biases;
  }

  Totals begin() const {
    Totals totals;
    for (std::size_t s = 0; s < kSums; ++s) totals.high[s].fill(of_[s]);
    return totals;
  }

  // Takes them off again; false where a sum has left its binade.
  bool end(Totals& totals) const {
    for (std::size_t s = 0; s < kSums; ++s) {
      const bool square = s == kXX || s == kDyDy;
      for (double& sum : totals.high[s]) {
        sum -= of_[s];
        if (square && !(sum <= of_[s] / 3)) return false;
      }
    }
    return true;
  }

  // What sums of so many rows are off by, all lanes together.
  double error(std::size_t sum, std::int64_t rows) const {
    const auto n = static_cast<double>(rows);
    return of_[sum] * static_cast<double>(kLanes) * (n * n + n) * 0x1p-105;
  }

 private:
  static int half_up(int n) { return (n + 1) >> 1; }

  // Exponents of units.
  template <class Real>
  static std::optional<int> unit_of_squares(const Real* values,
                                            std::int64_t n) {
    double most = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      most = std::max(most, std::fabs(static_cast<double>(values[i])));
    }
    if (!(most >= 0x1p-400 && most <= 0x1p400)) return {};
    return 2 * (std::ilogb(most) + 1) + kMargin + kRowBits - 51;
  }
  static int unit_of_values(int of_squares) {
    return half_up(51 + of_squares + kRowBits + 1) + 1 - 51;
  }

  void set(Sum sum, int unit) { of_[sum] = std::ldexp(1.5, 52 + unit); }

  std::array<double, kSums> of_{};
};

// What is summed of a channel, and what each sum is off by, beyond what adding
// by trees or two-sums is.
struct ChannelTotal {
  std::array<DoubleDouble, kSums> sums;
  std::array<double, kSums> error{};

  void add_lane(const Totals& t, std::size_t lane) {
    for (std::size_t s = 0; s < kSums; ++s) {
      DoubleDouble part;
      two_sum(t.high[s][lane], t.low[s][lane], part.high, part.low);
      sums[s] = sums[s] + part;
    }
  }

  void add_error(const Biases& biases, std::int64_t rows) {
    for (std::size_t s = 0; s < kSums; ++s) error[s] += biases.error(s, rows);
  }

  void add(const ChannelTotal& part) {
    for (std::size_t s = 0; s < kSums; ++s) {
      sums[s] = sums[s] + part.sums[s];
      error[s] += part.error[s];
    }
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

// Values that fill no step, kept until there are enough of them.
template <class Real, Adds adds>
class Leftover {
 public:
  Leftover(Kernel<Real, adds> kernel, Totals& totals)
      : kernel_(kernel), totals_(totals) {}

  void add(const Real* x, const Real* dy, std::int64_t n) {
    while (n > 0) {
      const std::int64_t part = std::min(n, kStep - count_);
      std::copy_n(x, part, x_.begin() + count_);
      if (dy) std::copy_n(dy, part, dy_.begin() + count_);
      x += part;
      if (dy) dy += part;
      n -= part;
      count_ += part;
      if (count_ == kStep) sum(dy != nullptr);
    }
  }

  // What is left, with zeros for what is not there.
  void finish(bool has_dy) {
    std::fill(x_.begin() + count_, x_.end(), Real{0});
    std::fill(dy_.begin() + count_, dy_.end(), Real{0});
    sum(has_dy);
  }

 private:
  void sum(bool has_dy) {
    kernel_({x_.data(), has_dy ? dy_.data() : nullptr, kTree, kLanes, 0},
            totals_);
    count_ = 0;
  }

  Kernel<Real, adds> kernel_;
  Totals& totals_;
  std::array<Real, kStep> x_;
  std::array<Real, kStep> dy_;
  std::int64_t count_ = 0;
};

// Asks the memory for n values.
template <class Real>
void prefetch(const Real* from, std::int64_t n) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t i = 0; i < n; i += kLine) {
    __builtin_prefetch(from + i, 0, 2);
  }
}

// Values [begin, end) of one channel, whose values follow one another in runs.
template <class Real, Adds adds>
Totals sum_along(const Question& q, std::int64_t channel, std::int64_t begin,
                 std::int64_t end, Totals totals) {
  static const Kernel<Real, adds> kernel = best_kernel<Real, adds>();
  constexpr std::int64_t kBlock = 8 * kStep;
  std::array<double, kBlock> buffer_x;
  std::array<double, kBlock> buffer_dy;
  const ChannelView& view = q.view;
  const std::int64_t to_next_run = view.channels * view.inner;
  const bool in_place = lie_as<Real>(q.x) && (!q.dy || lie_as<Real>(*q.dy));
  Leftover<Real, adds> leftover(kernel, totals);
  for (std::int64_t k = begin; k < end;) {
    const std::int64_t run = std::min(
        {view.inner - k % view.inner, end - k, in_place ? end : kBlock});
    const std::int64_t first = view.offset(channel, k);
    const Real* const x = values<Real>(q.x, first, run, buffer_x.data());
    const Real* const dy =
        q.dy ? values<Real>(*q.dy, first, run, buffer_dy.data()) : nullptr;
    const std::int64_t whole = run / kStep * kStep;
    const std::int64_t ahead = in_place ? to_next_run : 0;
    kernel({x, dy, whole / kLanes, kLanes, ahead}, totals);
    const Real* const rest_dy = dy ? dy + whole : nullptr;
    prefetch(x + whole + ahead, run - whole);
    if (dy) prefetch(rest_dy + ahead, run - whole);
    leftover.add(x + whole, rest_dy, run - whole);
    k += run;
  }
  leftover.finish(q.dy != nullptr);
  return totals;
}

// The biases of values [begin, end), by the first of them.
template <class Real>
std::optional<Biases> biases_along(const Question& q, std::int64_t channel,
                                   std::int64_t begin, std::int64_t end) {
  std::array<double, kSample> buffer_x;
  std::array<double, kSample> buffer_dy;
  const std::int64_t n =
      std::min({kSample, end - begin, q.view.inner - begin % q.view.inner});
  const std::int64_t first = q.view.offset(channel, begin);
  const Real* const x = values<Real>(q.x, first, n, buffer_x.data());
  const Real* const dy =
      q.dy ? values<Real>(*q.dy, first, n, buffer_dy.data()) : nullptr;
  return Biases::of(x, dy, n);
}

// A part of a channel.
template <class Real, Adds adds>
ChannelTotal part_along(const Question& q, std::int64_t channel,
                        std::int64_t begin, std::int64_t end) {
  ChannelTotal total;
  const auto add_lanes = [&total](const Totals& lanes) {
    for (std::size_t l = 0; l < kLanes; ++l) total.add_lane(lanes, l);
    return total;
  };
  if constexpr (adds != Adds::biased) {
    return add_lanes(sum_along<Real, adds>(q, channel, begin, end, {}));
  } else {
    const auto biases = biases_along<Real>(q, channel, begin, end);
    if (biases) {
      Totals lanes =
          sum_along<Real, adds>(q, channel, begin, end, biases->begin());
      if (biases->end(lanes)) {
        total.add_error(*biases, (end - begin) / kLanes + kTree);
        return add_lanes(lanes);
      }
    }
    return part_along<Real, Adds::two_sums>(q, channel, begin, end);
  }
}

template <class Real, Adds adds>
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
      totals[static_cast<std::size_t>(p)][static_cast<std::size_t>(c)] =
          part_along<Real, adds>(q, q.channels.first + c, begin,
                                 std::min(begin + kTask, m));
    }
  }
  return total_of(totals);
}

// Rows [begin, end) of all channels that are asked for, in groups of kLanes.
template <class Real, Adds adds>
std::vector<Totals> sum_across(const Question& q, std::int64_t begin,
                               std::int64_t end) {
  static const Kernel<Real, adds> kernel = best_kernel<Real, adds>();
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

template <class Real, Adds adds>
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
          sum_across<Real, adds>(q, r, std::min(r + kMostRows, end));
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

// `error` is that of the adds.
EstimatedSums named(const ChannelTotal& t, double m, bool has_dy,
                    double error) {
  EstimatedSums e;
  e.s1 = t.sums[kX];
  e.s2 = t.sums[kXX];
  e.d1 = t.sums[kDy];
  e.d2 = t.sums[kDyX];
  e.dy_square = t.sums[kDyDy].high;
  e.size = t.sums[kSize].high;
  e.dy_size = t.sums[kDySize].high;
  e.known = in_range(e.s2.high) && (!has_dy || in_range(e.dy_square));
  if (!e.known) return e;
  const double x = std::sqrt(e.s2.high);
  const double dy = has_dy ? std::sqrt(e.dy_square) : 1;
  const double root = std::sqrt(m);
  e.error = error + (1 + 0x1p-40) * std::max({t.error[kX] / (root * x),
                                              t.error[kXX] / (x * x),
                                              t.error[kDy] / (root * dy),
                                              t.error[kDyX] / (x * dy)});
  return e;
}

template <class Real, Adds adds>
std::vector<EstimatedSums> sums_in(const Question& q) {
  // Rows of several channels wait for the memory: two-sums are fast enough.
  constexpr Adds apart = adds == Adds::biased ? Adds::two_sums : adds;
  constexpr double error = adds == Adds::trees ? kShortError : kLongError;
  const auto totals =
      q.view.inner == 1 ? across<Real, apart>(q) : along<Real, adds>(q);
  std::vector<EstimatedSums> result;
  for (const ChannelTotal& total : totals) {
    result.push_back(named(total, static_cast<double>(q.view.count()),
                           q.dy != nullptr, error));
  }
  return result;
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
  if (all_are(DType::f32)) return sums_in<float, Adds::trees>(q);
  if (any_is(DType::f64)) return sums_in<double, Adds::biased>(q);
  return sums_in<double, Adds::trees>(q);
}

}  // namespace exactbn
