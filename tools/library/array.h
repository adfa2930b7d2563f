// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "reference/tensor.h"
#include "tools/library/exactbn.h"

namespace exactbn {

// The format of this name. Throws InvalidArgument, which names `argument`.
DType dtype_of(const char* name, const std::string& argument);

// The shape of the array, which must be the expected one. Does not read its
// values, so that a wrong shape is refused before memory that is not there is
// read. Throws InvalidArgument, which names the array.
Shape shape_of(const exactbn_array& array);
void require_shape(const exactbn_array& array, const Shape& expected);

// The array as a tensor: without a copy if it is row-major, without gaps and
// aligned. Throws InvalidArgument, which names the array.
Tensor tensor_of(const exactbn_array& array);

// The tensor as an array, which points into it.
exactbn_array array_of(const char* name, const Tensor& tensor);

}  // namespace exactbn
