// SPDX-License-Identifier: Apache-2.0
#include "reference/plain_textbook.h"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
//
#include <gtest/gtest.h>

#include "reference/testing/textbook_agreement.h"
#include "reference/textbook/outputs.h"

namespace exactbn::plain_textbook_test {
namespace {

// But for the sign of a zero: with AVX, Eigen negates by subtracting from 0.
template <class Real>
bool same_number(const Real& a, const Real& b) {
  return a == b || (a != a && b != b);
}

// Of problems with any values, so that sums cancel and ranges are left.
template <class Real>
void expect_the_same() {
  Draw draw(3);
  int values = 0;
  for (int trial = 0; trial < trials(400); ++trial) {
    for (const Operation operation : kOperations) {
      for (const DType dtype : kDTypes) {
        Problem p = any_problem(draw, operation, dtype);
        if (trial % 2 == 0) {
          // The channels on another axis, and long enough for halves.
          const auto m = static_cast<std::int64_t>(draw.below(40)) + 1;
          p.channel_axis = static_cast<int>(draw.below(3));
          p.inputs[Input::x] = drawn(draw, dtype, {2, 3, m}, false);
          for (auto& [name, tensor] : p.inputs) {
            if (name == Input::x) continue;
            tensor = drawn(draw, tensor.dtype(), shape_of(p, name),
                           name == Input::running_var);
          }
        }
        const Outputs<Real> expected = Textbook<Real>(p).outputs();
        PlainTextbook<Real> plain(p);
        plain.run();
        for (const auto& [name, matrix] : expected) {
          const std::span<const Real> got = plain.output(name);
          ASSERT_EQ(static_cast<std::int64_t>(got.size()), matrix.size());
          for (std::size_t i = 0; i < got.size(); ++i) {
            ASSERT_TRUE(
                same_number(got[i], matrix(static_cast<Eigen::Index>(i))))
                << to_string(operation) << ' ' << format(dtype).name << ' '
                << name << '[' << i << ']';
            ++values;
          }
        }
      }
    }
  }
  EXPECT_GT(values, trials(200'000));
}

TEST(PlainTextbook, HasTheNumbersOfTheTextbookInDouble) {
  expect_the_same<double>();
}

TEST(PlainTextbook, HasTheNumbersOfTheTextbookInLongDouble) {
  expect_the_same<long double>();
}

TEST(PlainTextbook, HasNoOtherOutputs) {
  Draw draw(1);
  const Problem p = any_problem(draw, Operation::jvp_training, DType::f32);
  PlainTextbook<double> plain(p);
  plain.run();
  EXPECT_FALSE(plain.output(Output::y_dot).empty());
  EXPECT_TRUE(plain.output(Output::y).empty());
}

}  // namespace
}  // namespace exactbn::plain_textbook_test
