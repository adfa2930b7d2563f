// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/law.h"
#include "properties/transform.h"

namespace exactbn {

// What laws have in common.

// Laws ask several problems for one, and add up in long doubles: larger ones
// are left to the oracle.
inline constexpr std::int64_t kLongest = 1024;
inline bool is_short(const Problem& p) { return p.x().size() <= kLongest; }

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
  const std::int64_t size = a.problem().x().size();
  for (std::int64_t i = 0; i < size; ++i) action(view.channel(i), i);
}

// Over the elements of a channel.
template <class Term>
Number sum_of(const Asked& a, std::int64_t c, const Term& term) {
  const ChannelView view = a.view();
  Number sum;
  for (std::int64_t k = 0; k < view.count(); ++k) {
    sum += term(view.offset(c, k));
  }
  return sum;
}

// Where element i of a problem is in the one it was made of; the channel of an
// output that has one value a channel.
using Place = std::function<std::int64_t(std::int64_t i)>;
inline constexpr std::int64_t kNowhere = -1;
inline std::int64_t same_place(std::int64_t i) { return i; }

// Every output of both that is `factor` times as large in the one made of the
// base: b[i] = factor a[value(i)], or a[channel(i)].
using Factor = std::function<double(std::string_view output)>;
void compare(Trial& t, const Asked& a, const Asked& b, const Factor& factor,
             const Place& value = same_place,
             const Place& channel = same_place);

// The problem with the statistics of its batch as constants, in f64 for an f64
// x and in f32 for any other, as kernels take them; nothing where the format
// does not hold them.
std::optional<Problem> frozen_at_the_batch(const Asked& a, Operation operation);

// output = gamma eps (x - mean) / (var + eps)^(3/2), every value: what is left
// of a derivative along x itself, as scale drops out but for epsilon.
void along_x(Trial& t, const Asked& a, std::string_view output);

// 1 for all outputs; 0 leaves an output out.
inline double alike(std::string_view) { return 1; }

// The running statistics alone.
inline bool is_running(std::string_view output) {
  return output.starts_with("running_");
}

}  // namespace exactbn
