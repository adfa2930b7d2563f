// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batch normalization as Ioffe & Szegedy 2015 write it, over any real type:
// double, or a Boost.Multiprecision number of any number of digits (include
// boost/multiprecision/eigen.hpp first). Nothing here is clever; it is the
// route that shares no code with the exact one.
//
// x, y, dy, dx are m x C, as their derivatives are; gamma, beta, mean, var and
// their gradients have one value a channel. var divides by m; eps is inside the
// square root. For double every operation is rounded once and in a fixed order.
#include "reference/textbook/backward.h"      // IWYU pragma: export
#include "reference/textbook/forward.h"       // IWYU pragma: export
#include "reference/textbook/running.h"       // IWYU pragma: export
#include "reference/textbook/second_order.h"  // IWYU pragma: export
