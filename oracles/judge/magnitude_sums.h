// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/sums/double_double.h"
#include "reference/sums/moments.h"

namespace exactbn {

// Sums of magnitudes over a channel, in double, accurate to ten digits: enough
// for condition numbers. The bits depend neither on the number of threads nor
// on the processor.
struct MagnitudeSums {
  // For a tensor f in which the formulas are linear: dy or a direction.
  struct Factor {
    double size = 0;     // sum |f|
    double x = 0;        // sum |f x|
    double centred = 0;  // sum |f (x - mean)|
    double square = 0;   // sum f^2
  };
  double x = 0;        // sum |x|
  double centred = 0;  // sum |(x - mean) x|
  Factor dy;
  Factor u;
  double u_dy = 0;  // sum |u dy|

  // Whether no intermediate overflowed or lost digits to underflow.
  bool in_range() const;
  // Whether the product of this size with another such size does neither.
  static bool fits(long double size);
};

// The sums of several channels; means[i] is the mean of channel i of them. dy
// and u may be null.
std::vector<MagnitudeSums> magnitude_sums(
    const Tensor& x, const Tensor* dy, const Tensor* u, const ChannelView& view,
    const Channels& channels, const std::vector<DoubleDouble>& means);

}  // namespace exactbn
