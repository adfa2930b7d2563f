// SPDX-License-Identifier: Apache-2.0
// Compares the exact values with the textbook in MPFR's arithmetic. It uses
// nothing of Boost's, not even the integers behind cpp_bin_float.
#include <gtest/gtest.h>

#include <boost/multiprecision/eigen.hpp>
#include <boost/multiprecision/mpfr.hpp>

#include "reference/testing/textbook_agreement.h"

namespace exactbn::exact_mpfr_test {
namespace {

namespace mp = boost::multiprecision;

template <unsigned digits>
using Digits = mp::number<mp::mpfr_float_backend<digits>, mp::et_off>;

TEST(Exact, AgreesWithTheTextbookInTwoHundredDigitsOfMpfr) {
  expect_agreement_with_textbook<Digits<200>, Digits<3000>>();
  mpfr_free_cache();
}

}  // namespace
}  // namespace exactbn::exact_mpfr_test
