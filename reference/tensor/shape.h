// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>

namespace exactbn {

// The extents of an array. Up to 5, the largest rank of a problem, are stored
// inline: tensors are copied far more often than they are reshaped.
using Shape = boost::container::small_vector<std::int64_t, 5>;

}  // namespace exactbn
