// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check.h"
#include "properties/draw/transform.h"
#include "properties/law.h"

namespace exactbn {

// What laws have in common.

// Laws ask several problems for one, and add up in long doubles: larger ones
// are left to the oracle.
inline constexpr std::int64_t kLongest = 1024;
inline bool is_short(const Problem& p) { return p.x().size() <= kLongest; }
inline bool is_any_at_all(const Problem&) { return true; }
inline bool has_several(const Problem& p) {
  return is_short(p) && p.view().count() > 1;
}

// Sources of several laws.
inline constexpr std::string_view kPaperSection3 =
    "Ioffe & Szegedy 2015, section 3";
inline constexpr std::string_view kFunction =
    "an answer is a function of its input";

inline Number count(const Asked& a) {
  return Number(static_cast<double>(a.m()));
}

template <class Do>
void each_channel(const Asked& a, const Do& action) {
  const std::int64_t channels = a.view().channels;
  for (std::int64_t c = 0; c < channels; ++c) action(c);
}

// Every element with its channel.
template <class Do>
void each_value(const Asked& a, const Do& action) {
  const ChannelView view = a.view();
  std::int64_t i = 0;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < view.inner; ++k) action(c, i++);
    }
  }
}

// A number of each channel, calculated once.
class OfChannels {
 public:
  template <class Of>
  OfChannels(const Asked& a, const Of& of) {
    each_channel(a, [&](std::int64_t c) { numbers_.push_back(of(c)); });
  }
  const Number& operator()(std::int64_t c) const {
    return numbers_[static_cast<std::size_t>(c)];
  }

 private:
  PooledVector<Number> numbers_;
};

// The means that are right; factor invstd, by which factor xhat is a multiple
// of x - mean; and gamma invstd.
OfChannels means(const Asked& a);
OfChannels slopes(const Asked& a, const Column& factor);
OfChannels scales(const Asked& a);

// Over the elements of a channel.
template <class Term>
Number sum_of(const Asked& a, std::int64_t c, const Term& term) {
  Number sum;
  a.view().each_offset(c, [&](std::int64_t i) { sum += term(i); });
  return sum;
}

// Where element i of a problem is in the one it was made of, or kNowhere; and
// the channel of an output that has one value a channel.
inline constexpr std::int64_t kNowhere = -1;
inline std::int64_t same_place(std::int64_t i) { return i; }

// Every output of both that is `factor` times as large in the one made of the
// base, a power of two: b[i] = factor a[value(i)], or a[channel(i)]. 0 leaves
// an output out.
template <class Factor, class Value, class Channel>
void compare(Trial& t, const Asked& a, const Asked& b, const Factor& factor,
             const Value& value, const Channel& channel) {
  for (const Output name : output_names(b.problem())) {
    const double by = factor(name);
    if (by == 0 || !a.has(name) || !b.has(name)) continue;
    // Calls action(place in a, place in b).
    const auto each_pair = [&](const auto& action) {
      const bool like_x = shaped_like_x(name);
      const std::int64_t size =
          like_x ? b.problem().x().size() : b.view().channels;
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t from = like_x ? value(i) : channel(i);
        if (from != kNowhere) action(from, i);
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
      // Most of these agree in every bit: no tolerance is needed for them.
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
void compare(Trial& t, const Asked& a, const Asked& b, const Factor& factor) {
  compare(t, a, b, factor, same_place, same_place);
}
template <class Factor, class Value>
void compare(Trial& t, const Asked& a, const Asked& b, const Factor& factor,
             const Value& value) {
  compare(t, a, b, factor, value, same_place);
}

// The problem with the statistics of its batch as constants, in f64 for an f64
// x and in f32 for any other, as kernels take them; nothing where the format
// does not hold them.
std::optional<Problem> frozen_at_the_batch(const Asked& a, Operation operation);

// output = gamma eps (x - mean) / (var + eps)^(3/2), every value: what is left
// of a derivative along x itself, as scale drops out but for epsilon.
void along_x(Trial& t, const Asked& a, Output output);

// Where and how an answer fails, by a verdict that says so.
Violation failure_of(const CaseVerdict& verdict);

// 1 for all outputs.
inline double alike(Output) { return 1; }

// The running statistics alone.
inline bool is_running(Output output) {
  return traits(output).updates.has_value();
}

}  // namespace exactbn
