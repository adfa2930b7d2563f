// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace exactbn::zoo {

// How a sum is computed in a working precision.
enum class Order : std::uint8_t {
  in_order,  // sequential
  lanes,     // eight sequential sums of every eighth value, added in pairs
  blocks,    // sequential sums of sqrt(m) values, then their sum
  pairwise,  // recursive halves, down to 8
  kahan,     // compensated
  wide,      // sequential in a longer format
};

inline constexpr std::array kOrders = {Order::in_order, Order::lanes,
                                       Order::blocks,   Order::pairwise,
                                       Order::kahan,    Order::wide};

constexpr std::string_view name_of(Order order) {
  constexpr std::array<std::string_view, kOrders.size()> names = {
      "in order", "lanes", "blocks", "pairwise", "kahan", "wide"};
  return names[static_cast<std::size_t>(order)];
}

// Whether the error is independent of m.
constexpr bool is_stable(Order order) {
  return order == Order::pairwise || order == Order::kahan ||
         order == Order::wide;
}

// Whether a constant part of the values is added sequentially.
constexpr bool may_stall(Order order) {
  return order == Order::in_order || order == Order::lanes;
}

template <class W>
using Wider = std::conditional_t<std::is_same_v<W, float>, double, long double>;

template <class Sum, class Term>
Sum sum_in_order(std::int64_t first, std::int64_t last, const Term& term,
                 std::int64_t step = 1) {
  Sum total = 0;
  for (std::int64_t i = first; i < last; i += step) total += term(i);
  return total;
}

template <class W, class Term>
W sum_by_halves(std::int64_t first, std::int64_t last, const Term& term) {
  if (last - first <= 8) return sum_in_order<W>(first, last, term);
  const std::int64_t middle = first + (last - first) / 2;
  return sum_by_halves<W>(first, middle, term) +
         sum_by_halves<W>(middle, last, term);
}

template <class W, class Term>
W sum_in_lanes(std::int64_t n, const Term& term) {
  constexpr std::int64_t lanes = 8;
  std::array<W, lanes> sums{};
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    sums[static_cast<std::size_t>(lane)] =
        sum_in_order<W>(lane, n, term, lanes);
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
         ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <class W, class Term>
W sum_in_blocks(std::int64_t n, const Term& term) {
  const auto size =
      static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  W total = 0;
  for (std::int64_t first = 0; first < n; first += size) {
    total += sum_in_order<W>(first, std::min(n, first + size), term);
  }
  return total;
}

template <class W, class Term>
W sum_compensated(std::int64_t n, const Term& term) {
  W total = 0;
  W lost = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const W value = term(i) - lost;
    const W next = total + value;
    lost = (next - total) - value;
    total = next;
  }
  return total;
}

// term(0) + ... + term(n - 1), in W.
template <class W, class Term>
W sum(Order order, std::int64_t n, const Term& term) {
  switch (order) {
    case Order::in_order:
      break;
    case Order::lanes:
      return sum_in_lanes<W>(n, term);
    case Order::blocks:
      return sum_in_blocks<W>(n, term);
    case Order::pairwise:
      return sum_by_halves<W>(0, n, term);
    case Order::kahan:
      return sum_compensated<W>(n, term);
    case Order::wide:
      return static_cast<W>(sum_in_order<Wider<W>>(0, n, term));
  }
  return sum_in_order<W>(0, n, term);
}

}  // namespace exactbn::zoo
