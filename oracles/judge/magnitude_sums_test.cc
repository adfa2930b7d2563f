// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/magnitude_sums.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "reference/testing/any_problem.h"
#include "reference/testing/each_instruction_set.h"

namespace exactbn::magnitude_sums_test {
namespace {

Tensor around(Draw& draw, DType dtype, const Shape& shape, double mean) {
  return drawn(draw, dtype, shape, normal_around(mean));
}

// The sums one value at a time, in long double.
MagnitudeSums plain_sums(const Tensor& x, const Tensor* dy, const Tensor* u,
                         const ChannelView& view, std::int64_t c,
                         const DoubleDouble& mean) {
  long double sums[11] = {};
  for (std::int64_t k = 0; k < view.count(); ++k) {
    const std::int64_t i = view.offset(c, k);
    const long double xi = x.value(i);
    const long double d = std::fabs(xi - mean.high - mean.low);
    const long double size = std::fabs(xi);
    const long double f = dy ? std::fabs(dy->value(i)) : 0;
    const long double g = u ? std::fabs(u->value(i)) : 0;
    const long double terms[11] = {size,  d * size, f,    f * size,
                                   f * d, f * f,    g,    g * size,
                                   g * d, g * g,    g * f};
    for (int s = 0; s < 11; ++s) sums[s] += terms[s];
  }
  const auto at = [&](int s) { return static_cast<double>(sums[s]); };
  return {at(0),
          at(1),
          {at(2), at(3), at(4), at(5)},
          {at(6), at(7), at(8), at(9)},
          at(10)};
}

void expect_near(const MagnitudeSums& a, const MagnitudeSums& b) {
  const auto near = [](double got, double want) {
    EXPECT_NEAR(got, want, 1e-11 * want);
  };
  near(a.x, b.x);
  near(a.centred, b.centred);
  near(a.u_dy, b.u_dy);
  for (const auto& [f, g] : {std::pair(a.dy, b.dy), std::pair(a.u, b.u)}) {
    near(f.size, g.size);
    near(f.x, g.x);
    near(f.centred, g.centred);
    near(f.square, g.square);
  }
}

TEST(MagnitudeSums, AgreeWithLongDouble) {
  Draw draw(1);
  for (const auto& [shape, axis] :
       std::vector<std::pair<Shape, int>>{{{3, 2, 7}, 1},
                                          {{2, 3, 2100}, 1},
                                          {{50, 37}, 1},
                                          {{9, 4}, 1},
                                          {{1, 1, 300000}, 1}}) {
    const ChannelView view(shape, axis);
    for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
      for (const int factors : {0, 1, 2, 3}) {
        const Tensor x = around(draw, dtype, shape, 3);
        const Tensor dy = around(draw, dtype, shape, 0);
        const Tensor u =
            around(draw, factors == 3 ? DType::bf16 : dtype, shape, 1);
        const Tensor* given_dy = factors > 0 ? &dy : nullptr;
        const Tensor* given_u = factors > 1 ? &u : nullptr;
        const std::vector<DoubleDouble> means(
            static_cast<std::size_t>(view.channels), {2.875, 0x1p-60});
        const auto sums = magnitude_sums(x, given_dy, given_u, view,
                                         {0, view.channels}, means);
        for (std::int64_t c = 0; c < view.channels; ++c) {
          expect_near(sums[static_cast<std::size_t>(c)],
                      plain_sums(x, given_dy, given_u, view, c, means[0]));
        }
      }
    }
  }
}

// x is far from 0 and close to its mean, so the low part of the mean matters.
TEST(MagnitudeSums, DeviationsAreExact) {
  std::vector<double> values;
  for (int i = 0; i < 64; ++i) values.push_back(1 + i * 0x1p-52);
  const Tensor x = make_tensor(DType::f64, {64, 1}, values);
  const ChannelView view(x.shape(), 1);
  const DoubleDouble mean = {1 + 0x1p-47, -0x1p-53};
  const auto sums = magnitude_sums(x, nullptr, nullptr, view, {0, 1}, {mean});
  expect_near(sums[0], plain_sums(x, nullptr, nullptr, view, 0, mean));
}

TEST(MagnitudeSums, SameBitsWithAnyNumberOfThreads) {
  Draw draw(2);
  const Tensor x = around(draw, DType::f32, {1, 1, 700000}, 1);
  const ChannelView view(x.shape(), 1);
  const int threads = omp_get_max_threads();
  std::vector<double> seen;
  for (const int n : {1, 2, 5}) {
    omp_set_num_threads(n);
    seen.push_back(magnitude_sums(x, nullptr, nullptr, view, {0, 1}, {{1, 0}})
                       .front()
                       .centred);
  }
  omp_set_num_threads(threads);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(MagnitudeSums, SameBitsOnEveryInstructionSet) {
  Draw draw(3);
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Tensor x = around(draw, dtype, {7, 20}, 1);
    const Tensor u = around(draw, dtype, {7, 20}, 1);
    const ChannelView view(x.shape(), 1);
    const std::vector<DoubleDouble> means(20, {1.1, 0x1p-60});
    const auto sums = [&] {
      return magnitude_sums(x, &x, &u, view, {0, 20}, means).back();
    };
    const MagnitudeSums best = sums();
    on_each_instruction_set([&] {
      const MagnitudeSums s = sums();
      EXPECT_EQ(s.centred, best.centred);
      EXPECT_EQ(s.dy.square, best.dy.square);
      EXPECT_EQ(s.u.centred, best.u.centred);
      EXPECT_EQ(s.u_dy, best.u_dy);
    });
  }
}

TEST(MagnitudeSums, ReportLeavingTheRange) {
  for (const double value : {0x1p-600, 0x1p600}) {
    const Tensor x =
        make_tensor(DType::f64, {2, 1}, std::vector{value, -value});
    const auto sums = magnitude_sums(x, nullptr, nullptr,
                                     ChannelView(x.shape(), 1), {0, 1}, {{}});
    EXPECT_FALSE(sums[0].in_range());
  }
}

}  // namespace
}  // namespace exactbn::magnitude_sums_test
