// SPDX-License-Identifier: Apache-2.0
#include "reference/exact.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>

#include "reference/testing/textbook_agreement.h"

namespace exactbn::exact_test {
namespace {

namespace mp = boost::multiprecision;

template <unsigned digits>
using Digits = mp::number<mp::cpp_bin_float<digits>, mp::et_off>;

TEST(Exact, AgreesWithTheTextbookInTwoHundredDigits) {
  expect_agreement_with_textbook<Digits<200>, Digits<3000>>();
}

}  // namespace
}  // namespace exactbn::exact_test
