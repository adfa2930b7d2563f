// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/estimated.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "reference/draw.h"
#include "reference/sums.h"
#include "reference/testing/each_instruction_set.h"
#include "reference/testing/trials.h"

namespace exactbn::estimated_test {
namespace {

struct Data {
  Tensor x;
  Tensor dy;
  ChannelView view;
};

// Draws values of either sign with exponents in a range; some are 0.
Data drawn(Draw& draw, DType dtype, const Shape& shape, int axis, int range) {
  Data d{Tensor(dtype, shape), Tensor(dtype, shape), ChannelView(shape, axis)};
  const double offset = draw.below(2) == 0 ? 0 : 4 * draw.normal();
  for (Tensor* t : {&d.x, &d.dy}) {
    for (std::int64_t i = 0; i < t->size(); ++i) {
      const double value =
          offset + draw.normal() * std::exp2(draw.between(-range, range));
      t->set_bits(i, round_to(draw.below(9) == 0 ? 0.0 : value, dtype));
    }
  }
  return d;
}

Dyadic size(const Tensor& t, std::int64_t i) {
  const Dyadic value = t.exact(i);
  return value.sign() < 0 ? -value : value;
}

Dyadic exact_of(const DoubleDouble& a) {
  return dyadic(a.high) + dyadic(a.low);
}

bool same(const DoubleDouble& a, const DoubleDouble& b) {
  return a.high == b.high && a.low == b.low;
}

// |a - b| <= error sqrt(square)
::testing::AssertionResult within(const Dyadic& a, const Dyadic& b,
                                  double error, const Dyadic& square) {
  const Dyadic off = a - b;
  if (compare(off * off, dyadic(error) * dyadic(error) * square) <= 0) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "too far off";
}

// a <= b (1 + 2^-30) and b <= a (1 + 2^-30)
bool nearly_equal(double a, const Dyadic& b) {
  const Dyadic more = dyadic(1 + 0x1p-30);
  return compare(dyadic(a), b * more) <= 0 && compare(b, dyadic(a) * more) <= 0;
}

void expect_bounded(const Data& d) {
  const Channels all = {0, d.view.channels};
  const auto estimates = estimated_sums(d.x, &d.dy, d.view, all);
  const auto exact = channel_sums(d.x, &d.dy, d.view);
  ASSERT_EQ(estimates.size(), exact.size());
  for (std::int64_t c = 0; c < d.view.channels; ++c) {
    Dyadic of_x;
    Dyadic of_dy;
    Dyadic dy_square;
    for (std::int64_t k = 0; k < d.view.count(); ++k) {
      const std::int64_t i = d.view.offset(c, k);
      of_x += size(d.x, i);
      of_dy += size(d.dy, i);
      dy_square += d.dy.exact(i) * d.dy.exact(i);
    }
    const EstimatedSums& e = estimates[static_cast<std::size_t>(c)];
    const Sums& s = exact[static_cast<std::size_t>(c)];
    ASSERT_TRUE(e.known);
    const Dyadic m = d.view.count();
    EXPECT_TRUE(within(exact_of(e.s1), s.s1, e.error, m * s.s2));
    EXPECT_TRUE(within(exact_of(e.s2), s.s2, e.error, s.s2 * s.s2));
    EXPECT_TRUE(within(exact_of(e.d1), s.d1, e.error, m * dy_square));
    EXPECT_TRUE(within(exact_of(e.d2), s.d2, e.error, s.s2 * dy_square));
    EXPECT_TRUE(nearly_equal(e.dy_square, dy_square));
    if (d.x.dtype() != DType::f64) continue;
    EXPECT_TRUE(nearly_equal(e.size, of_x));
    EXPECT_TRUE(nearly_equal(e.dy_size, of_dy));
    EXPECT_LT(e.error, 0x1p-60);
  }
}

TEST(EstimatedSums, AreWithinTheirBounds) {
  Draw draw(1);
  const int count = trials(40);
  for (int trial = 0; trial < count; ++trial) {
    const bool across = draw.below(2) == 0;
    const auto length = static_cast<std::int64_t>(1 + draw.below(300));
    const Shape shape =
        across ? Shape{length, 16 + length % 20} : Shape{3, 2, length};
    for (const DType dtype :
         {DType::f64, DType::f32, DType::f16, DType::bf16}) {
      if (across && format(dtype).width < 32) continue;
      const int range = dtype == DType::f16 ? 8 : dtype == DType::f64 ? 60 : 30;
      expect_bounded(drawn(draw, dtype, shape, 1, range));
      if (HasFatalFailure()) return;
    }
  }
}

// All roundings go one way: 1 and many values just over half an ulp of the sum.
TEST(EstimatedSums, AreWithinTheirBoundsIfRoundingsAddUp) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const double small = std::ldexp(1 + 0x1p-20, -format(DType::f64).precision);
    Data d{Tensor(dtype, {1, 1, 4096}), Tensor(dtype, {1, 1, 4096}),
           ChannelView({1, 1, 4096}, 1)};
    for (std::int64_t i = 0; i < d.x.size(); ++i) {
      const double value = i % 128 < 16 ? 1 : small;
      d.x.set_bits(i, round_to(value, dtype));
      d.dy.set_bits(i, round_to(value, dtype));
    }
    expect_bounded(d);
  }
}

// The first values say nothing about the others.
TEST(EstimatedSums, AreWithinTheirBoundsIfValuesGrow) {
  Draw draw(3);
  for (const double factor : {0x1p-40, 0x1p3, 0x1p9, 0x1p40}) {
    Data d = drawn(draw, DType::f64, {1, 1, 5000}, 1, 2);
    for (std::int64_t i = 2000; i < d.x.size(); ++i) {
      d.x.set_bits(i, round_to(factor * d.x.value(i), DType::f64));
    }
    expect_bounded(d);
  }
}

TEST(EstimatedSums, AreTheSameWithAnyNumberOfThreads) {
  Draw draw(2);
  const int threads = omp_get_max_threads();
  for (const auto& shape : {Shape{2, 1, 300000}, Shape{9000, 40}}) {
    const Data d = drawn(draw, DType::f32, shape, 1, 10);
    const Channels all = {0, d.view.channels};
    omp_set_num_threads(1);
    const auto one = estimated_sums(d.x, &d.dy, d.view, all);
    omp_set_num_threads(5);
    const auto five = estimated_sums(d.x, &d.dy, d.view, all);
    ASSERT_EQ(one.size(), five.size());
    for (std::size_t c = 0; c < one.size(); ++c) {
      EXPECT_TRUE(same(one[c].s1, five[c].s1));
      EXPECT_TRUE(same(one[c].s2, five[c].s2));
      EXPECT_TRUE(same(one[c].d2, five[c].d2));
    }
  }
  omp_set_num_threads(threads);
}

TEST(EstimatedSums, AreTheSameOnEveryInstructionSet) {
  Draw draw(4);
  for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
    const Data d = drawn(draw, dtype, {2, 1, 3000}, 1, 8);
    const auto sums = [&] {
      return estimated_sums(d.x, &d.dy, d.view, {0, 1}).front();
    };
    const EstimatedSums best = sums();
    on_each_instruction_set([&] {
      const EstimatedSums e = sums();
      EXPECT_TRUE(same(e.s1, best.s1));
      EXPECT_TRUE(same(e.s2, best.s2));
      EXPECT_TRUE(same(e.d2, best.d2));
      EXPECT_EQ(e.dy_square, best.dy_square);
    });
  }
}

TEST(EstimatedSums, AreUnknownIfDoublesDoNotBoundThem) {
  const ChannelView view({1, 1, 200}, 1);
  const Channels all = {0, 1};
  for (const double value : {std::nan(""), HUGE_VAL, 0x1p600, 0x1p-600, 0.0}) {
    Tensor x(DType::f64, {1, 1, 200});
    if (std::fabs(value) < 1) {
      for (std::int64_t i = 0; i < 200; ++i) {
        x.set_bits(i, round_to(value, DType::f64));
      }
    } else {
      x.set_bits(150, round_to(value, DType::f64));
    }
    EXPECT_FALSE(estimated_sums(x, nullptr, view, all)[0].known) << value;
  }
}

}  // namespace
}  // namespace exactbn::estimated_test
