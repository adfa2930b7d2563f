// SPDX-License-Identifier: Apache-2.0
#include "reference/exact.h"

#include <gtest/gtest.h>

#include "reference/testing/digits.h"
#include "reference/testing/textbook_agreement.h"

namespace exactbn::exact_test {
namespace {

TEST(Exact, AgreesWithTheTextbookInThreeHundredDigits) {
  expect_agreement_with_textbook<Digits300, Digits<3000>>();
}

}  // namespace
}  // namespace exactbn::exact_test
