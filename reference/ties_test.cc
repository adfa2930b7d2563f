// SPDX-License-Identifier: Apache-2.0
// Problems whose answer lies exactly midway between two values of a format: w
// is a square, and the rest is chosen for it.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/exact.h"
#include "reference/rounded.h"

namespace exactbn {
namespace {

// Those of 8 bits have too few values to build on; exhaustive_test takes all.
constexpr std::array kFormats = {DType::f64, DType::f32, DType::f16,
                                 DType::bf16};

// A magnitude and the next, of which the tie is the mean: below + ulp/2.
struct Between {
  DType dtype;
  std::uint64_t below;
  bool negative;

  double sign() const { return negative ? -1 : 1; }
  double low() const { return sign() * to_double(below, dtype); }
  double high() const { return sign() * to_double(below + 1, dtype); }
  double ulp() const {
    const int mantissa = format(dtype).precision - 1;
    const std::uint64_t exponent = below >> mantissa;
    return sign() * std::ldexp(1.0, format(dtype).quantum() +
                                        static_cast<int>(
                                            exponent > 1 ? exponent - 1 : 0));
  }
  // Which is a value of the format from the second normal binade on.
  double half_ulp() const { return ulp() / 2; }
  bool has_half_ulp() const {
    return below >> (format(dtype).precision - 1) >= 2;
  }
  bool has_high() const { return is_finite(below + 1, dtype); }
  Dyadic tie() const {
    Dyadic half = dyadic(ulp());
    half.e -= 1;
    return dyadic(low()) + half;
  }
  std::uint64_t even() const {
    const std::uint64_t size = below % 2 == 0 ? below : below + 1;
    return negative ? size | format(dtype).sign_bit() : size;
  }
};

// What has rounded away from 0 and toward it.
struct Directions {
  int up = 0;
  int down = 0;
};
using Tally = std::map<std::string, Directions, std::less<>>;

void expect_tie(const Problem& p, std::string_view output, std::int64_t i,
                const Between& b, Tally& tally) {
  require_valid(p);
  const ExactBatchNorm exact(p);
  const Exact value = exact.at(output, i);
  const std::string what = std::string(output) + ' ' +
                           std::string(format(b.dtype).name) + " above " +
                           to_hexfloat(b.below, b.dtype);
  ASSERT_EQ(value.kind, Exact::Kind::number) << what;
  ASSERT_EQ(compare(value.value, b.tie()), 0) << "no tie: " << what;
  ASSERT_EQ(round_to(value, b.dtype), b.even()) << what;
  ASSERT_EQ(exact.rounded(output, b.dtype).bits(i), b.even()) << what;
  ASSERT_EQ(rounded(exact, output, b.dtype).bits(i), b.even()) << what;
  Directions& directions =
      tally[std::string(output) + ' ' + std::string(format(b.dtype).name)];
  ++(b.below % 2 == 0 ? directions.down : directions.up);
}

void expect_both_directions(const Tally& tally, std::size_t outputs) {
  EXPECT_EQ(tally.size(), outputs * kFormats.size());
  for (const auto& [what, directions] : tally) {
    EXPECT_GT(directions.up, 10) << what;
    EXPECT_GT(directions.down, 10) << what;
  }
}

Between any_between(Draw& draw, DType dtype) {
  std::uint64_t bits = draw_bits(draw, dtype);
  while (!is_finite(bits, dtype)) bits = draw_bits(draw, dtype);
  return {dtype, magnitude(bits, dtype), is_negative(bits, dtype)};
}

Tensor tensor(DType dtype, const std::vector<double>& values) {
  Tensor t =
      make_tensor(dtype, {static_cast<std::int64_t>(values.size()), 1}, values);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    EXPECT_EQ(t.value(i), values[static_cast<std::size_t>(i)]);
  }
  return t;
}

Tensor one(DType dtype, double value) {
  return make_tensor(dtype, {1}, std::vector{value});
}

// x = mean -+ d, so that var = d^2.
std::vector<double> either_side(Draw& draw, double d) {
  const auto mean = static_cast<double>(draw.below(64)) - 32;
  return {mean - d, mean + d};
}

// xhat = -+1, and y = beta + gamma xhat: one value and half an ulp, from below
// or from above.
TEST(Ties, OfYAndItsDerivativesGoToEven) {
  Draw draw(1);
  Tally tally;
  for (int trial = 0; trial < 1000; ++trial) {
    for (const DType dtype : kFormats) {
      const Between b = any_between(draw, dtype);
      if (!b.has_half_ulp()) continue;
      const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
      const bool from_above = b.has_high() && draw.below(2) == 0;
      const Tensor slope = one(dtype, (from_above ? -1 : 1) * b.half_ulp());
      const Tensor start = one(dtype, from_above ? b.high() : b.low());
      const Tensor zeros = tensor(dtype, {0, 0});
      Problem p;
      p.inputs["x"] = tensor(dtype, either_side(draw, d));
      p.inputs["gamma"] = slope;
      p.inputs["beta"] = start;
      expect_tie(p, "y", 1, b, tally);

      p.inputs.erase("beta");
      p.operation = Operation::jvp_training;
      p.inputs["x_dot"] = zeros;
      p.inputs["gamma_dot"] = slope;
      p.inputs["beta_dot"] = start;
      expect_tie(p, "y_dot", 1, b, tally);

      Problem q;
      q.operation = Operation::double_backward_training;
      q.inputs = {{"x", p.x()},
                  {"dy", zeros},
                  {"ddx", zeros},
                  {"ddgamma", slope},
                  {"ddbeta", start}};
      expect_tie(q, "grad_dy", 1, b, tally);
      if (HasFatalFailure()) return;
    }
  }
  expect_both_directions(tally, 3);
}

// With eps = 3 d^2 xhat is 1/2, so that gamma is an ulp: ties between
// subnormals as well, and between 0 and the smallest.
TEST(Ties, OfYGoToEvenDownToTheSmallestSubnormal) {
  Draw draw(2);
  Tally tally;
  int least = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    for (const DType dtype : kFormats) {
      Between b = any_between(draw, dtype);
      if (draw.below(4) == 0) b.below = draw.below(4);
      const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
      Problem p;
      p.epsilon = 3 * d * d;
      p.inputs["x"] = tensor(dtype, either_side(draw, d));
      p.inputs["gamma"] = one(dtype, b.ulp());
      p.inputs["beta"] = one(dtype, b.low());
      expect_tie(p, "y", 1, b, tally);

      p.operation = Operation::forward_inference;
      const Tensor mean = one(dtype, (p.x().value(0) + p.x().value(1)) / 2);
      p.inputs["running_mean"] = mean;
      p.inputs["running_var"] = one(dtype, d * d);
      expect_tie(p, "y", 1, b, tally);
      if (HasFatalFailure()) return;
      if (b.below == 0) ++least;
    }
  }
  expect_both_directions(tally, 1);
  EXPECT_GT(least, 100);
}

TEST(Ties, OfMeansAndSumsGoToEven) {
  Draw draw(3);
  Tally tally;
  for (int trial = 0; trial < 2000; ++trial) {
    for (const DType dtype : kFormats) {
      const Between b = any_between(draw, dtype);
      if (b.has_high()) {
        Problem p;
        p.momentum = 0.5;
        p.inputs["x"] = tensor(dtype, {b.low(), b.high()});
        expect_tie(p, "mean", 0, b, tally);
        p.inputs["x"] = tensor(dtype, {b.low(), b.low()});
        p.inputs["running_mean"] = one(dtype, b.high());
        expect_tie(p, "running_mean", 0, b, tally);
      }
      if (b.has_half_ulp()) {
        Problem p;
        p.operation = Operation::backward_training;
        p.inputs["x"] = tensor(dtype, either_side(draw, 1));
        p.inputs["dy"] = tensor(dtype, {b.half_ulp(), b.low()});
        expect_tie(p, "dbeta", 0, b, tally);
        p.inputs["dy"] = tensor(dtype, {-b.half_ulp(), b.low()});
        expect_tie(p, "dgamma", 0, b, tally);
      }
      if (HasFatalFailure()) return;
    }
  }
  expect_both_directions(tally, 4);
}

// An odd number n of one bit more than the precision, times 2^e: a tie.
Between between_of(DType dtype, std::uint64_t n, int e, bool negative) {
  return {dtype, round_to(Dyadic(Integer(n / 2), e + 1), dtype), negative};
}

// Where dy sums to 0, with and without x, dx is gamma dy / sqrt(w): 3 times an
// odd number that makes it one bit too long. So with the others.
TEST(Ties, OfGradientsGoToEven) {
  Draw draw(4);
  Tally tally;
  for (int trial = 0; trial < 500; ++trial) {
    for (const DType dtype : kFormats) {
      const int precision = format(dtype).precision;
      const std::uint64_t least = (std::uint64_t{1} << precision) / 3 + 1;
      const std::uint64_t odd = (least + draw.below(least - 2)) | 1;
      const int log_d = static_cast<int>(draw.below(4));
      const double d = std::ldexp(1.0, log_d);
      // 2^-(precision - 1) a is below 2, in the range of every format.
      const int e = 1 - precision;
      const bool negative = draw.below(2) == 0;
      const double a =
          (negative ? -1 : 1) * std::ldexp(static_cast<double>(odd), e);
      const Between b = between_of(dtype, 3 * odd, e - log_d, negative);

      const auto ends = either_side(draw, d);
      const Tensor x = tensor(dtype, {ends[0], ends[0], ends[1], ends[1]});
      const Tensor dy = tensor(dtype, {a, -a, 0, 0});
      Problem p;
      p.operation = Operation::backward_training;
      p.inputs = {{"x", x}, {"dy", dy}, {"gamma", one(dtype, 3)}};
      expect_tie(p, "dx", 0, b, tally);

      p.operation = Operation::backward_inference;
      p.inputs["running_mean"] = one(dtype, draw.normal());
      p.inputs["running_var"] = one(dtype, d * d);
      expect_tie(p, "dx", 0, b, tally);

      Problem q;
      q.operation = Operation::double_backward_training;
      q.inputs = {{"x", x},
                  {"dy", dy},
                  {"ddx", tensor(dtype, {3, 0, 0, 0})},
                  {"gamma", one(dtype, 0)},
                  {"ddgamma", one(dtype, 3)}};
      expect_tie(q, "grad_x", 0, b, tally);
      expect_tie(q, "grad_gamma", 0, b, tally);
      if (HasFatalFailure()) return;
    }
  }
  expect_both_directions(tally, 3);
}

// The variance of -+a is a^2, which is 1 mod 8, and of {-a, -a, -a, 3a} it is
// 3 a^2, which is 3 mod 8: one bit too long, they round down and up.
TEST(Ties, OfVariancesGoToEven) {
  Draw draw(5);
  Tally tally;
  for (int trial = 0; trial < 100; ++trial) {
    for (const DType dtype : kFormats) {
      const int precision = format(dtype).precision;
      const bool thrice = draw.below(2) == 0;
      const std::uint64_t factor = thrice ? 3 : 1;
      std::uint64_t a = 0;
      const std::uint64_t limit = std::uint64_t{1} << (precision + 1);
      while (factor * a * a < limit / 2 || factor * a * a >= limit) {
        a = draw.below(std::uint64_t{2} << (precision / 2)) | 1;
      }
      const auto size = static_cast<double>(a) * 0x1p-4;
      const Between b = between_of(dtype, factor * a * a, -8, false);
      Problem p;
      p.momentum = 1;
      p.inputs["x"] = thrice ? tensor(dtype, {-size, -size, -size, 3 * size})
                             : tensor(dtype, {-size, size});
      p.inputs["running_var"] = one(dtype, 7);
      expect_tie(p, "var", 0, b, tally);
      expect_tie(p, "running_var_biased", 0, b, tally);
      if (HasFatalFailure()) return;
    }
  }
  expect_both_directions(tally, 2);
}

// invstd is m / sqrt(m^2 w), of finitely many bits where m^2 w is a power of 4:
// a tie takes an m of one bit more than the precision, 257 for bf16. One value
// of 257 is 1, so that m^2 w = m - 1 = 256.
TEST(Ties, OfInvstdGoToEven) {
  std::vector<double> x(257, 0);
  x[100] = 1;
  Problem p;
  p.inputs["x"] = tensor(DType::bf16, x);
  Tally tally;
  const Between b{DType::bf16, round_to(16.0, DType::bf16), false};
  expect_tie(p, "invstd", 0, b, tally);
}

}  // namespace
}  // namespace exactbn
