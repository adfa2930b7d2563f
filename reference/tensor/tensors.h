// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/flat_map.hpp>
#include <functional>
#include <utility>

#include "reference/operation.h"
#include "reference/tensor.h"
#include "reference/tensor/pooled.h"

namespace exactbn {

// Few tensors by what they are, in the order of their names. Insertion
// invalidates iterators.
template <class Name>
using TensorsBy =
    boost::container::flat_map<Name, Tensor, std::less<Name>,
                               PooledVector<std::pair<Name, Tensor>>>;
using InputTensors = TensorsBy<Input>;
using OutputTensors = TensorsBy<Output>;

}  // namespace exactbn
