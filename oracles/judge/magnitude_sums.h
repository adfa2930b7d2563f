// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/sums/double_double.h"
#include "reference/sums/moments.h"

namespace exactbn {

// Sums of magnitudes over a channel, in doubles: what condition numbers need,
// good to ten digits. The same bits with any number of threads and on any
// processor.
struct MagnitudeSums {
  // Of a tensor that the formulas are linear in, dy or a direction.
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

  // Whether nothing has left the range of double on the way, nor has lost
  // digits at its lower end.
  bool in_range() const;
  // Whether a size has a product with another that does neither.
  static bool fits(long double size);
};

// Of some channels, whose means are given in their order. dy and u may be
// absent.
std::vector<MagnitudeSums> magnitude_sums(
    const Tensor& x, const Tensor* dy, const Tensor* u, const ChannelView& view,
    const Channels& channels, const std::vector<DoubleDouble>& means);

}  // namespace exactbn
