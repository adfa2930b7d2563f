// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batch normalization as Ioffe & Szegedy 2015 write it, over any real type:
// double, or a Boost.Multiprecision number of any number of digits (include
// boost/multiprecision/eigen.hpp first). Nothing here is clever; it is the
// route that shares no code with the exact one.
//
// Each formula is written for one channel, and each operation has a function
// over matrices: x, y, dy, dx and their derivatives are m x C; gamma, beta,
// mean, var and their gradients have one value per channel. var divides by m;
// eps is inside the square root. Every operation is rounded once and in a fixed
// order; only the bits of a NaN may depend on the compiler.
#include "reference/textbook/backward.h"      // IWYU pragma: export
#include "reference/textbook/forward.h"       // IWYU pragma: export
#include "reference/textbook/running.h"       // IWYU pragma: export
#include "reference/textbook/second_order.h"  // IWYU pragma: export
