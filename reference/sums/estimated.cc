// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/estimated.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "reference/sums/biases.h"
#include "reference/sums/double_double.h"
#include "reference/sums/estimate_kernels.h"
#include "reference/sums/sweep.h"
#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

using namespace estimate;

// Rows of all channels that are read together, to stay in cache.
constexpr std::int64_t kRows = 32;
// The number of values that is worth a thread.
constexpr std::int64_t kTask = std::int64_t{1} << 18;
static_assert(kTask <= kLanes * kMostRows);

// bounds.md, "Estimated sums".
constexpr double kShortError = 0x1.9p-52;
constexpr double kLongError = 0x1p-76;
constexpr double kLeast = 0x1p-900;
constexpr double kMost = 0x1p900;
// The number of values that biases are chosen from.
constexpr std::int64_t kSample = 1024;

// The sums of a channel. `error` bounds the error of biased summation; that of
// trees and two-sums is bounded elsewhere.
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

struct Query {
  const Tensor& x;
  const Tensor* dy;
  const ChannelView& view;
  Channels channels;
};

template <class Real>
bool is_stored_as(const Tensor& tensor) {
  return tensor.dtype() == (sizeof(Real) == 4 ? DType::f32 : DType::f64);
}

// The values of a tensor as Real, in place or copied to the buffer.
template <class Real>
const Real* values(const Tensor& tensor, std::int64_t begin, std::int64_t n,
                   double* buffer) {
  if constexpr (sizeof(Real) == sizeof(float)) {
    return reinterpret_cast<const float*>(tensor.bytes().data()) + begin;
  } else {
    return load_block(tensor, begin, n, buffer);
  }
}

// Collects values that do not fill a step until there are enough.
template <class Real>
class Leftover {
 public:
  Leftover(SumRows<Real> kernel, Totals& totals)
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

  // Sums what is left, padded with zeros.
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

  SumRows<Real> kernel_;
  Totals& totals_;
  std::array<Real, kStep> x_;
  std::array<Real, kStep> dy_;
  std::int64_t count_ = 0;
};

// Prefetches n values.
template <class Real>
void prefetch(const Real* from, std::int64_t n) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t i = 0; i < n; i += kLine) {
    __builtin_prefetch(from + i, 0, 2);
  }
}

// The sums of values [begin, end) of one channel, which lie in contiguous runs.
template <class Real, Summation method>
Totals sum_along(const Query& q, std::int64_t channel, std::int64_t begin,
                 std::int64_t end, Totals totals) {
  const SumRows<Real> kernel = sum_rows<Real>(method);
  constexpr std::int64_t kBlock = 8 * kStep;
  std::array<double, kBlock> buffer_x;
  std::array<double, kBlock> buffer_dy;
  const ChannelView& view = q.view;
  const std::int64_t to_next_run = view.channels * view.inner;
  const bool in_place =
      is_stored_as<Real>(q.x) && (!q.dy || is_stored_as<Real>(*q.dy));
  Leftover<Real> leftover(kernel, totals);
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

// The biases for values [begin, end), chosen from the first of them.
std::optional<Biases> biases_along(const Query& q, std::int64_t channel,
                                   std::int64_t begin, std::int64_t end) {
  std::array<double, kSample> buffer_x;
  std::array<double, kSample> buffer_dy;
  const std::int64_t n =
      std::min({kSample, end - begin, q.view.inner - begin % q.view.inner});
  const std::int64_t first = q.view.offset(channel, begin);
  const double* const x = load_block(q.x, first, n, buffer_x.data());
  const double* const dy =
      q.dy ? load_block(*q.dy, first, n, buffer_dy.data()) : nullptr;
  return Biases::of(x, dy, n);
}

// The sums of a part of a channel.
template <class Real, Summation method>
ChannelTotal part_along(const Query& q, std::int64_t channel,
                        std::int64_t begin, std::int64_t end) {
  ChannelTotal total;
  const auto add_lanes = [&total](const Totals& lanes) {
    for (std::size_t l = 0; l < kLanes; ++l) total.add_lane(lanes, l);
    return total;
  };
  if constexpr (method != Summation::biased) {
    return add_lanes(sum_along<Real, method>(q, channel, begin, end, {}));
  } else {
    const auto biases = biases_along(q, channel, begin, end);
    if (biases) {
      Totals lanes =
          sum_along<Real, method>(q, channel, begin, end, biases->begin());
      if (biases->end(lanes)) {
        total.add_error(*biases, (end - begin) / kLanes + kTree);
        return add_lanes(lanes);
      }
    }
    return part_along<Real, Summation::two_sums>(q, channel, begin, end);
  }
}

template <class Real, Summation method>
std::vector<ChannelTotal> along(const Query& q) {
  return sweep<ChannelTotal>(q.view, q.channels, {1, kTask, kTask},
                             [&](const Part& part, ChannelTotal* to) {
                               *to = part_along<Real, method>(
                                   q, part.first, part.begin, part.end);
                             });
}

// The sums of rows [begin, end) of the requested channels, in groups of kLanes.
template <class Real, Summation method>
std::vector<Totals> sum_across(const Query& q, std::int64_t begin,
                               std::int64_t end) {
  const SumRows<Real> kernel = sum_rows<Real>(method);
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
    std::size_t g = 0;
    for_each_lanes(q.channels.count, kLanes, [&](auto base, auto) {
      Totals& to = totals[g++];
      const std::int64_t at = r * stride + base;
      kernel({all_x + at, all_dy ? all_dy + at : nullptr, whole, stride,
              kRows * stride},
             to);
      if (whole == count) return;
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
    });
  }
  return totals;
}

template <class Real, Summation method>
std::vector<ChannelTotal> across(const Query& q) {
  // At most this many parts, because each has its own totals.
  constexpr std::int64_t kParts = 256;
  const std::int64_t length =
      std::max({kTask / q.channels.count, kRows, q.view.outer / kParts + 1});
  return sweep<ChannelTotal>(
      q.view, q.channels, {q.channels.count, length, kTask},
      [&](const Part& part, ChannelTotal* to) {
        for (std::int64_t r = part.begin; r < part.end; r += kMostRows) {
          const std::vector<Totals> lanes =
              sum_across<Real, method>(q, r, std::min(r + kMostRows, part.end));
          auto of_group = lanes.begin();
          for_each_lanes(part.channels, kLanes, [&](auto base, auto fresh) {
            for (std::int64_t l = fresh; l < kLanes; ++l) {
              to[base + l].add_lane(*of_group, static_cast<std::size_t>(l));
            }
            ++of_group;
          });
        }
      });
}

// Whether a sum of squares shows that no product has left the range.
bool in_range(double square) { return square >= kLeast && square <= kMost; }

// `error` is the error of the summation method.
EstimatedSums to_estimated_sums(const ChannelTotal& t, double m, bool has_dy,
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

template <class Real, Summation method>
std::vector<EstimatedSums> sums_in(const Query& q) {
  // Rows of several channels are memory-bound, so two-sums are fast enough.
  constexpr Summation strided =
      method == Summation::biased ? Summation::two_sums : method;
  constexpr double error =
      method == Summation::trees ? kShortError : kLongError;
  const auto totals =
      q.view.inner == 1 ? across<Real, strided>(q) : along<Real, method>(q);
  std::vector<EstimatedSums> result;
  result.reserve(totals.size());
  for (const ChannelTotal& total : totals) {
    result.push_back(to_estimated_sums(
        total, static_cast<double>(q.view.count()), q.dy != nullptr, error));
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
  const Query q = {x, dy, view, channels};
  if (view.inner == 1) {
    if (channels.count < kLanes) return {};
    if (!all_are(DType::f32) && !all_are(DType::f64)) return {};
  }
  if (all_are(DType::f32)) return sums_in<float, Summation::trees>(q);
  if (any_is(DType::f64)) return sums_in<double, Summation::biased>(q);
  return sums_in<double, Summation::trees>(q);
}

}  // namespace exactbn
