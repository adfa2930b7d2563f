// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check.h"
#include "properties/draw/transform.h"
#include "properties/law.h"

namespace exactbn::law {

// Shared parts of laws.

// A law asks several problems per case and sums in long doubles; only the
// oracle checks larger cases.
inline constexpr std::int64_t kLongest = 1024;
inline bool is_short(const Problem& p) { return p.x().size() <= kLongest; }
inline bool is_short_forward(const Problem& p) {
  return p.operation == Operation::forward_training && is_short(p);
}
inline bool any_size(const Problem&) { return true; }
inline bool has_several(const Problem& p) {
  return is_short(p) && p.view().count() > 1;
}

// Sources shared by several laws.
inline constexpr std::string_view kPaperSection3 =
    "Ioffe & Szegedy 2015, section 3";
inline constexpr std::string_view kFunction =
    "an answer is a function of its input";

inline Number count(const Observation& a) {
  return Number(static_cast<double>(a.m()));
}

template <class Do>
void each_channel(const Observation& a, const Do& action) {
  const std::int64_t channels = a.view().channels;
  for (std::int64_t c = 0; c < channels; ++c) action(c);
}

// Calls action(channel, element) for every element.
template <class Do>
void each_value(const Observation& a, const Do& action) {
  const ChannelView view = a.view();
  std::int64_t i = 0;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < view.inner; ++k) action(c, i++);
    }
  }
}

// One number per channel, computed once.
class ChannelNumbers {
 public:
  template <class Of>
  ChannelNumbers(const Observation& a, const Of& of) {
    each_channel(a, [&](std::int64_t c) { numbers_.push_back(of(c)); });
  }
  const Number& operator()(std::int64_t c) const {
    return numbers_[static_cast<std::size_t>(c)];
  }

 private:
  PooledVector<Number> numbers_;
};

// Exact values: the means; factor invstd, so that factor xhat =
// slope (x - mean); and gamma invstd.
ChannelNumbers means(const Observation& a);
ChannelNumbers slopes(const Observation& a, const Column& factor);
ChannelNumbers scales(const Observation& a);

// The sum of term(i) over the elements of a channel.
template <class Term>
Number sum_of(const Observation& a, std::int64_t c, const Term& term) {
  Number sum;
  a.view().each_offset(c, [&](std::int64_t i) { sum += term(i); });
  return sum;
}

// No element of the base problem corresponds to this one.
inline constexpr std::int64_t kNoIndex = -1;
inline std::int64_t same_index(std::int64_t i) { return i; }

// Compares all outputs that both problems have; b is derived from a:
// b[i] = factor(output) a[value(i)], or factor(output) a[channel(i)] for
// outputs with one value per channel. A factor is a power of two, or 0 to skip
// an output; kNoIndex skips an element.
template <class Factor, class Value, class Channel>
void compare(Trial& t, const Observation& a, const Observation& b,
             const Factor& factor, const Value& value, const Channel& channel) {
  for (const Output name : output_names(b.problem())) {
    const double by = factor(name);
    if (by == 0 || !a.has(name) || !b.has(name)) continue;
    // Calls action(index in a, index in b).
    const auto each_pair = [&](const auto& action) {
      const bool like_x = shaped_like_x(name);
      const std::int64_t size =
          like_x ? b.problem().x().size() : b.view().channels;
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t from = like_x ? value(i) : channel(i);
        if (from != kNoIndex) action(from, i);
      }
    };
    if (b.filters()) {
      const auto comparison = [&](bool plainly) {
        Comparison all(by);
        const Estimated* const of_a = a.estimated_out(name, plainly).data();
        const Estimated* const of_b = b.estimated_out(name, plainly).data();
        each_pair([&](std::int64_t from, std::int64_t i) {
          all.add(of_a[from], of_b[i]);
        });
        return all;
      };
      // Most agree in every bit and need no tolerance.
      const Comparison plain = comparison(true);
      t.add(plain.surely_holds() ? plain : comparison(false));
      continue;
    }
    const Column of_a = a.out(name);
    const Column of_b = b.out(name);
    each_pair([&](std::int64_t from, std::int64_t i) {
      const Number& x = of_a(from);
      const Number& y = of_b(i);
      t.zero(by == 1 ? y - x : y - Number(by) * x, name, i);
    });
  }
}
template <class Factor>
void compare(Trial& t, const Observation& a, const Observation& b,
             const Factor& factor) {
  compare(t, a, b, factor, same_index, same_index);
}
template <class Factor, class Value>
void compare(Trial& t, const Observation& a, const Observation& b,
             const Factor& factor, const Value& value) {
  compare(t, a, b, factor, value, same_index);
}

// The problem with the statistics of its batch as constants, in f64 for an f64
// x and in f32 otherwise, as kernels take them; nothing if the format cannot
// represent them.
std::optional<Problem> frozen_at_the_batch(const Observation& a,
                                           Operation operation);

// Requires output = gamma eps (x - mean) / (var + eps)^(3/2) of every value:
// the derivative along x itself, as scale cancels except for epsilon.
void along_x(Trial& t, const Observation& a, Output output);

// Where and how an answer fails, from its verdict.
Violation failure_of(const CaseVerdict& verdict);

// The factor 1 for all outputs.
inline double unchanged(Output) { return 1; }

// Whether the output is a running statistic.
inline bool is_running(Output output) {
  return traits(output).updates.has_value();
}

}  // namespace exactbn::law
