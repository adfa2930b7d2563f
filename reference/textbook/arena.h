// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "reference/problem.h"
#include "reference/tensor/scratch.h"
#include "reference/textbook/forward.h"

namespace exactbn {

// A value as a double, rounded once; any NaN becomes the quiet NaN.
template <class Real>
double narrowed(const Real& value) {
  if (value != value) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(value);
}
inline double narrowed(double value) { return value; }

// The inputs and outputs of a problem as Reals, channel by channel, and the
// scratch memory of its formulas, in one allocation: on small problems an array
// for every step costs more than the arithmetic.
template <class Real>
class Arena {
 public:
  struct Result {
    Output name;
    std::span<const Real> values;
  };

  explicit Arena(const Problem& problem)
      : problem_(problem),
        view_(problem.view()),
        m_(view_.count()),
        size_(view_.channels * m_),
        count_(kMatrices * size_ + kRows * view_.channels +
               Normalized<Real>::kColumns * m_),
        memory_(static_cast<std::size_t>(count_) * sizeof(Real) +
                static_cast<std::size_t>(aligned(size_)) * sizeof(double)),
        values_(static_cast<double*>(memory_.data())),
        reals_(reinterpret_cast<Real*>(values_ + aligned(size_))),
        free_(reals_) {
    if constexpr (!kTrivial) {
      std::uninitialized_default_construct_n(reals_, count_);
    }
  }
  ~Arena() {
    if constexpr (!kTrivial) std::destroy_n(reals_, count_);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Memory for `count` numbers, uninitialized.
  Real* take(std::int64_t count) { return std::exchange(free_, free_ + count); }

  // An input shaped like x: the channels with takes(c), or all.
  template <class Takes>
  const Real* chosen(Input name, const Takes& takes) {
    Real* const to = read(name);
    for (std::int64_t c = 0; c < view_.channels; ++c) {
      if (!takes(c)) continue;
      Real* at = to + c * m_;
      view_.each_offset(c,
                        [&](auto i) { *at++ = static_cast<Real>(values_[i]); });
    }
    return to;
  }
  const Real* matrix(Input name) {
    Real* const to = read(name);
    const double* from = values_;
    each_place([&](std::int64_t at) { to[at] = static_cast<Real>(*from++); });
    return to;
  }

  // An input with one value per channel, or its default if absent.
  const Real* row(Input name) {
    Real* const to = take(view_.channels);
    for (std::int64_t c = 0; c < view_.channels; ++c) {
      to[c] = static_cast<Real>(problem_.parameter(name, c));
    }
    return to;
  }

  // Memory for an output.
  Real* add_matrix(Output name) { return add(name, size_); }
  Real* add_row(Output name) { return add(name, view_.channels); }

  std::span<const Result> outputs() const { return {outputs_.data(), made_}; }

  // All values of an output as doubles, in the order of a tensor. Valid until
  // the next call of a function that reads or writes a tensor.
  std::span<const double> in_order(const Result& output) {
    double* to = values_;
    if (shaped_like_x(output.name)) {
      const Real* const from = output.values.data();
      each_place([&](std::int64_t at) { *to++ = narrowed(from[at]); });
    } else {
      for (const Real& value : output.values) *to++ = narrowed(value);
    }
    return {values_, to};
  }

 private:
  // Then assignment alone starts the lifetime of a number.
  static constexpr bool kTrivial = std::is_trivially_copyable_v<Real> &&
                                   std::is_trivially_destructible_v<Real>;

  // The most inputs and outputs of an operation: shaped like x, and with one
  // value per channel.
  static constexpr std::int64_t kMatrices = 5;
  static constexpr std::int64_t kRows = 10;

  // Rounds up, so that a Real can follow the doubles.
  static constexpr std::int64_t aligned(std::int64_t doubles) {
    static_assert(alignof(Real) <= 2 * sizeof(double));
    return doubles + doubles % 2;
  }

  Real* read(Input name) {
    problem_.find(name)->values_to({values_, static_cast<std::size_t>(size_)});
    return take(size_);
  }

  // Calls action with the place of each element of a tensor, in its order.
  template <class Do>
  void each_place(const Do& action) const {
    if (view_.inner == 1) {
      for (std::int64_t o = 0; o < view_.outer; ++o) {
        for (std::int64_t c = 0; c < view_.channels; ++c) action(c * m_ + o);
      }
      return;
    }
    for (std::int64_t o = 0; o < view_.outer; ++o) {
      for (std::int64_t c = 0; c < view_.channels; ++c) {
        const std::int64_t first = c * m_ + o * view_.inner;
        for (std::int64_t i = 0; i < view_.inner; ++i) action(first + i);
      }
    }
  }

  Real* add(Output name, std::int64_t size) {
    Real* const to = take(size);
    outputs_[made_++] = {name, {to, static_cast<std::size_t>(size)}};
    return to;
  }

  const Problem& problem_;
  ChannelView view_;
  std::int64_t m_;
  std::int64_t size_;
  std::int64_t count_;
  Scratch memory_;
  double* values_;  // buffer for the values of a tensor
  Real* reals_;
  Real* free_;
  std::array<Result, 7> outputs_ = {};
  std::size_t made_ = 0;
};

}  // namespace exactbn
