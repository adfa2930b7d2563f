// SPDX-License-Identifier: Apache-2.0
// Where the values of a channel are: in `outer` rows of `inner` values.
#pragma once

#include "tensors.h"

struct Layout {
  size_t outer = 1, channels, inner = 1, width;

  Layout(const exactbn_tensor& x, int32_t axis)
      : channels(size_t(x.shape[axis])), width(size_t(x.shape[x.rank - 1])) {
    for (int32_t i = 0; i < axis; ++i) outer *= size_t(x.shape[i]);
    for (int32_t i = axis + 1; i < x.rank; ++i) inner *= size_t(x.shape[i]);
  }

  size_t count() const { return outer * inner; }
  size_t row(size_t o, size_t c) const { return (o * channels + c) * inner; }
  size_t at(size_t c, size_t i) const { return row(i / inner, c) + i % inner; }
  Floats channel(const Floats& all, size_t c) const {
    Floats values(count());
    for (size_t i = 0; i < values.size(); ++i) values[i] = all[at(c, i)];
    return values;
  }
};
