// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "oracles/judge/verdict.h"
#include "oracles/zoo/sums.h"

namespace exactbn::zoo {

template <class W>
using Values = std::vector<W>;

template <class W>
struct Statistics {
  W mean = 0;
  W var = 0;  // biased
};

// mean = sum x / m;  var = sum (x - mean)^2 / m.
template <class W>
Statistics<W> two_pass(const Values<W>& x, Order order) {
  const auto n = std::ssize(x);
  const auto m = static_cast<W>(n);
  const auto at = [&](std::int64_t i) {
    return x[static_cast<std::size_t>(i)];
  };
  const W mean = sum<W>(order, n, at) / m;
  const W squares = sum<W>(order, n, [&](std::int64_t i) {
    return (at(i) - mean) * (at(i) - mean);
  });
  return {mean, squares / m};
}

// The same with a product by 1/m instead of both divisions.
template <class W>
Statistics<W> two_pass_reciprocal(const Values<W>& x) {
  const auto n = std::ssize(x);
  const W per_value = 1 / static_cast<W>(n);
  const auto at = [&](std::int64_t i) {
    return x[static_cast<std::size_t>(i)];
  };
  const W mean = sum<W>(Order::pairwise, n, at) * per_value;
  const W squares = sum<W>(Order::pairwise, n, [&](std::int64_t i) {
    return (at(i) - mean) * (at(i) - mean);
  });
  return {mean, squares * per_value};
}

// Chan, Golub & LeVeque 1983, equation (1.7): subtracts (sum (x - mean))^2 / m,
// which is 0 except for the rounding of the mean.
template <class W>
Statistics<W> two_pass_corrected(const Values<W>& x) {
  const auto m = static_cast<W>(x.size());
  W total = 0;
  for (const W xi : x) total += xi;
  const W mean = total / m;
  W squares = 0;
  W rest = 0;
  for (const W xi : x) {
    squares += (xi - mean) * (xi - mean);
    rest += xi - mean;
  }
  return {mean, (squares - rest * rest / m) / m};
}

// Everything in the longer format, rounded at the end.
template <class W>
Statistics<W> two_pass_all_wide(const Values<W>& x) {
  const Values<Wider<W>> wide(x.begin(), x.end());
  const auto s = two_pass(wide, Order::in_order);
  return {static_cast<W>(s.mean), static_cast<W>(s.var)};
}

// The count n, the mean, and the sum of squared deviations from it.
template <class W>
struct Moments {
  W n = 0;
  W mean = 0;
  W squares = 0;
};

// Welford 1962.
template <class W>
Moments<W> welford(std::span<const W> x) {
  Moments<W> a;
  for (const W xi : x) {
    a.n += 1;
    const W delta = xi - a.mean;
    a.mean += delta / a.n;
    a.squares += delta * (xi - a.mean);
  }
  return a;
}

// Combines two parts (Chan, Golub & LeVeque 1983).
template <class W>
Moments<W> merge(const Moments<W>& a, const Moments<W>& b) {
  const W n = a.n + b.n;
  const W delta = b.mean - a.mean;
  return {n, a.mean + delta * (b.n / n),
          a.squares + b.squares + delta * delta * (a.n * (b.n / n))};
}

template <class W>
Moments<W> merged_by_halves(std::span<const W> x) {
  if (x.size() <= 8) return welford(x);
  const std::size_t half = x.size() / 2;
  return merge(merged_by_halves(x.first(half)),
               merged_by_halves(x.subspan(half)));
}

// Welford on blocks of sqrt(m) values, merged one after another: the mean stays
// the mean of all values so far.
template <class W>
Moments<W> merged_in_order(std::span<const W> x) {
  const auto size = static_cast<std::size_t>(
      std::ceil(std::sqrt(static_cast<double>(x.size()))));
  Moments<W> all = welford(x.first(size));
  for (std::size_t i = size; i < x.size(); i += size) {
    all = merge(all, welford(x.subspan(i, std::min(size, x.size() - i))));
  }
  return all;
}

template <class W>
Statistics<W> statistics_of(const Moments<W>& a) {
  return {a.mean, a.squares / a.n};
}

// E[x^2] - mean^2, with its sums and later steps in Sum.
template <class Sum, class W>
Statistics<W> one_pass(const Values<W>& x, Order order = Order::in_order) {
  const auto n = std::ssize(x);
  const auto m = static_cast<Sum>(n);
  const auto at = [&](std::int64_t i) {
    return static_cast<Sum>(x[static_cast<std::size_t>(i)]);
  };
  const Sum mean = sum<Sum>(order, n, at) / m;
  const Sum squares =
      sum<Sum>(order, n, [&](std::int64_t i) { return at(i) * at(i); }) / m;
  return {static_cast<W>(mean), static_cast<W>(squares - mean * mean)};
}

template <class W>
struct StatisticsAlgorithm {
  std::string name;
  Grade required;  // the grade it must reach on every channel
  bool may_stall;
  Statistics<W> (*run)(const Values<W>&);
};

template <class W>
std::vector<StatisticsAlgorithm<W>> sound_statistics() {
  constexpr Grade stable = Grade::stable;
  constexpr Grade sequential = Grade::sequential;
  using X = const Values<W>&;
  using S = Statistics<W>;
  std::vector<StatisticsAlgorithm<W>> all = {
      {"two-pass, in order", sequential, true,
       [](X x) -> S { return two_pass(x, Order::in_order); }},
      {"two-pass, 8 lanes", sequential, true,
       [](X x) -> S { return two_pass(x, Order::lanes); }},
      {"two-pass, corrected", sequential, true, two_pass_corrected<W>},
      {"Welford", sequential, true,
       [](X x) -> S { return statistics_of(welford<W>(x)); }},
      {"two-pass, blocks", sequential, false,
       [](X x) -> S { return two_pass(x, Order::blocks); }},
      {"Chan, blocks", sequential, false,
       [](X x) -> S { return statistics_of(merged_in_order<W>(x)); }},
      {"Chan, halves", stable, false,
       [](X x) -> S { return statistics_of(merged_by_halves<W>(x)); }},
      {"two-pass, pairwise", stable, false,
       [](X x) -> S { return two_pass(x, Order::pairwise); }},
      {"two-pass, times 1/m", stable, false, two_pass_reciprocal<W>},
      {"two-pass, Kahan", stable, false,
       [](X x) -> S { return two_pass(x, Order::kahan); }},
      {"two-pass, wide sums", stable, false,
       [](X x) -> S { return two_pass(x, Order::wide); }},
      {"two-pass, all wide", stable, false, two_pass_all_wide<W>},
  };
  // x87's format has only 11 bits more than f64, which one pass soon loses.
  if constexpr (std::is_same_v<W, float>) {
    all.push_back({"one pass in f64", stable, false,
                   [](X x) -> S { return one_pass<double>(x); }});
  }
  return all;
}

}  // namespace exactbn::zoo
