// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "properties/draw/shape.h"
#include "tools/exactbn/challenge/families.h"

namespace exactbn {

// A question in the making: everyday data, which a family then changes. Draws
// with exact or correctly rounded operations only, so that every machine draws
// the same.
class Draft {
 public:
  // Everything drawn but the layout.
  Draft(Draw& draw, const Exercise& exercise, const Layout& layout);

  Draw& draw() { return draw_; }
  Problem& problem() { return problem_; }
  DType dtype() const { return problem_.x().dtype(); }
  std::int64_t channels() const { return view_.channels; }
  std::int64_t m() const { return view_.count(); }

  bool has(Input name) const { return problem_.inputs.contains(name); }

  // Replaces value k of channel c, by `value(k, what it was)`.
  template <class Value>
  void set_channel(Input name, std::int64_t c, const Value& value) {
    Tensor& tensor = problem_.inputs.at(name);
    std::int64_t k = 0;
    view_.each_offset(c, [&](std::int64_t i) {
      tensor.set_bits(i, round_to(value(k++, tensor.value(i)), tensor.dtype()));
    });
  }
  // The same for all channels.
  template <class Value>
  void set(Input name, const Value& value) {
    for (std::int64_t c = 0; c < channels(); ++c) {
      set_channel(name, c,
                  [&](std::int64_t k, double was) { return value(c, k, was); });
    }
  }
  // Replaces the value for channel c of an input with one per channel, if the
  // question has it, by `value(c)`.
  template <class Value>
  void set_parameter(Input name, const Value& value) {
    const auto found = problem_.inputs.find(name);
    if (found == problem_.inputs.end()) return;
    Tensor& tensor = found->second;
    for (std::int64_t c = 0; c < tensor.size(); ++c) {
      tensor.set_bits(c, round_to(value(c), tensor.dtype()));
    }
  }
  void erase(Input name) { problem_.inputs.erase(name); }

  Problem finish() { return std::move(problem_); }

 private:
  void add(Input name);

  Draw& draw_;
  const Exercise& exercise_;
  Problem problem_;
  ChannelView view_;
};

// An element, drawn.
template <class List>
auto pick(Draw& draw, const List& list) {
  return list[draw.below(std::size(list))];
}

// An integer in [low, high], drawn.
inline std::int64_t draw_int(Draw& draw, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(
                   draw.below(static_cast<std::uint64_t>(high - low + 1)));
}

// 2^k, with k drawn from [low, high].
inline double draw_power(Draw& draw, int low, int high) {
  return std::ldexp(1.0, static_cast<int>(draw_int(draw, low, high)));
}

// The same of either sign. In statements of their own: the order of operands is
// that of the compiler.
inline double draw_signed_power(Draw& draw, int low, int high) {
  const double sign = draw.sign();
  return sign * draw_power(draw, low, high);
}

// A layout with so many channels and values per channel, of a permitted rank
// and on a permitted axis: 1, or another one if there is one and `turned` says
// so.
Layout draw_layout(Draw& draw, const Exercise& exercise, std::int64_t channels,
                   std::int64_t m, bool turned = false);

// An everyday layout. A challenge has few, so that shapes come again with other
// data.
Layout draw_everyday(Draw& draw, const Exercise& exercise);

}  // namespace exactbn
