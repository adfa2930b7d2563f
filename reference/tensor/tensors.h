// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/flat_map.hpp>
#include <functional>
#include <utility>

#include "reference/operation.h"
#include "reference/tensor.h"
#include "reference/tensor/pooled.h"

namespace exactbn {

// A flat map from names to tensors, sorted by name; insertion invalidates
// iterators.
template <class Name>
using TensorsBy =
    boost::container::flat_map<Name, Tensor, std::less<Name>,
                               PooledVector<std::pair<Name, Tensor>>>;
using InputTensors = TensorsBy<Input>;
using OutputTensors = TensorsBy<Output>;

}  // namespace exactbn
