// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>

namespace exactbn {

// Real numbers with so many decimal digits. Tests share two types because a
// compiler takes long to instantiate the arithmetic of each.
template <unsigned digits>
using Digits =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<digits>,
                                  boost::multiprecision::et_off>;
using Digits300 = Digits<300>;
using Digits1000 = Digits<1000>;

}  // namespace exactbn
