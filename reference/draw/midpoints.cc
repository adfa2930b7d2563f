// SPDX-License-Identifier: Apache-2.0
#include "reference/draw/midpoints.h"

#include <cmath>

namespace exactbn {

namespace {

Midpoint any_midpoint(Draw& draw, DType dtype) {
  std::uint64_t bits = draw_bits(draw, dtype);
  while (!is_finite(bits, dtype)) bits = draw_bits(draw, dtype);
  return {dtype, magnitude(bits, dtype), is_negative(bits, dtype)};
}

Tensor tensor(DType dtype, const std::vector<double>& values) {
  return make_tensor(dtype, {std::ssize(values), 1}, values);
}

Tensor one(DType dtype, double value) {
  return make_tensor(dtype, {1}, std::vector{value});
}

// x = mean -+ d, so that var = d^2.
std::vector<double> either_side(Draw& draw, double d) {
  const auto mean = static_cast<double>(draw.below(64)) - 32;
  return {mean - d, mean + d};
}

// n 2^e is a tie: n is odd and one bit longer than the precision.
Midpoint midpoint_of(DType dtype, std::uint64_t n, int e, bool negative) {
  return {dtype, round_to(Dyadic(Integer(n / 2), e + 1), dtype), negative};
}

}  // namespace

// xhat = -+1, so y = beta + gamma xhat is a value plus half an ulp, or minus
// half an ulp.
std::vector<TieProblem> ties_of_y(Draw& draw, DType dtype) {
  std::vector<TieProblem> ties;

  const Midpoint b = any_midpoint(draw, dtype);
  if (!b.has_half_ulp()) return ties;
  const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
  const bool from_above = b.has_high() && draw.below(2) == 0;
  const Tensor slope = one(dtype, (from_above ? -1 : 1) * b.half_ulp());
  const Tensor start = one(dtype, from_above ? b.high() : b.low());
  const Tensor zeros = tensor(dtype, {0, 0});
  Problem p;
  p.inputs[Input::x] = tensor(dtype, either_side(draw, d));
  p.inputs[Input::gamma] = slope;
  p.inputs[Input::beta] = start;
  ties.push_back({p, Output::y, 1, b});

  p.inputs.erase(Input::beta);
  p.operation = Operation::jvp_training;
  p.inputs[Input::x_dot] = zeros;
  p.inputs[Input::gamma_dot] = slope;
  p.inputs[Input::beta_dot] = start;
  ties.push_back({p, Output::y_dot, 1, b});

  Problem q;
  q.operation = Operation::double_backward_training;
  q.inputs = {{Input::x, p.x()},
              {Input::dy, zeros},
              {Input::ddx, zeros},
              {Input::ddgamma, slope},
              {Input::ddbeta, start}};
  ties.push_back({q, Output::grad_dy, 1, b});
  return ties;
}

// With eps = 3 d^2, xhat is 1/2 and gamma a whole ulp. So ties also occur
// between subnormals, and between 0 and the smallest.
std::vector<TieProblem> ties_of_any_y(Draw& draw, DType dtype) {
  std::vector<TieProblem> ties;

  Midpoint b = any_midpoint(draw, dtype);
  if (draw.below(4) == 0) b.below = draw.below(4);
  const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
  Problem p;
  p.epsilon = 3 * d * d;
  p.inputs[Input::x] = tensor(dtype, either_side(draw, d));
  p.inputs[Input::gamma] = one(dtype, b.ulp());
  p.inputs[Input::beta] = one(dtype, b.low());
  ties.push_back({p, Output::y, 1, b});

  p.operation = Operation::forward_inference;
  const Tensor mean = one(dtype, (p.x().value(0) + p.x().value(1)) / 2);
  p.inputs[Input::running_mean] = mean;
  p.inputs[Input::running_var] = one(dtype, d * d);
  ties.push_back({p, Output::y, 1, b});
  return ties;
}

std::vector<TieProblem> ties_of_sums(Draw& draw, DType dtype) {
  std::vector<TieProblem> ties;

  const Midpoint b = any_midpoint(draw, dtype);
  if (b.has_high()) {
    Problem p;
    p.momentum = 0.5;
    p.inputs[Input::x] = tensor(dtype, {b.low(), b.high()});
    ties.push_back({p, Output::mean, 0, b});
    p.inputs[Input::x] = tensor(dtype, {b.low(), b.low()});
    p.inputs[Input::running_mean] = one(dtype, b.high());
    ties.push_back({p, Output::running_mean, 0, b});
  }
  if (b.has_half_ulp()) {
    Problem p;
    p.operation = Operation::backward_training;
    p.inputs[Input::x] = tensor(dtype, either_side(draw, 1));
    p.inputs[Input::dy] = tensor(dtype, {b.half_ulp(), b.low()});
    ties.push_back({p, Output::dbeta, 0, b});
    p.inputs[Input::dy] = tensor(dtype, {-b.half_ulp(), b.low()});
    ties.push_back({p, Output::dgamma, 0, b});
  }
  return ties;
}

// If sum dy = 0 and sum dy x = 0, dx is gamma dy / sqrt(w): 3 times an odd
// number, one bit longer than the precision. The other gradients are alike.
std::vector<TieProblem> ties_of_gradients(Draw& draw, DType dtype) {
  std::vector<TieProblem> ties;

  const int precision = format(dtype).precision;
  const std::uint64_t least = (std::uint64_t{1} << precision) / 3 + 1;
  const std::uint64_t odd = (least + draw.below(least - 2)) | 1;
  const int log_d = static_cast<int>(draw.below(4));
  const double d = std::ldexp(1.0, log_d);
  // odd 2^-(precision - 1) is below 2, in the range of every format.
  const int e = 1 - precision;
  const bool negative = draw.below(2) == 0;
  const double a =
      (negative ? -1 : 1) * std::ldexp(static_cast<double>(odd), e);
  const Midpoint b = midpoint_of(dtype, 3 * odd, e - log_d, negative);

  const auto ends = either_side(draw, d);
  const Tensor x = tensor(dtype, {ends[0], ends[0], ends[1], ends[1]});
  const Tensor dy = tensor(dtype, {a, -a, 0, 0});
  Problem p;
  p.operation = Operation::backward_training;
  p.inputs = {{Input::x, x}, {Input::dy, dy}, {Input::gamma, one(dtype, 3)}};
  ties.push_back({p, Output::dx, 0, b});

  p.operation = Operation::backward_inference;
  p.inputs[Input::running_mean] = one(dtype, draw.normal());
  p.inputs[Input::running_var] = one(dtype, d * d);
  ties.push_back({p, Output::dx, 0, b});

  Problem q;
  q.operation = Operation::double_backward_training;
  q.inputs = {{Input::x, x},
              {Input::dy, dy},
              {Input::ddx, tensor(dtype, {3, 0, 0, 0})},
              {Input::gamma, one(dtype, 0)},
              {Input::ddgamma, one(dtype, 3)}};
  ties.push_back({q, Output::grad_x, 0, b});
  ties.push_back({q, Output::grad_gamma, 0, b});
  return ties;
}

// The variance of {-a, a} is a^2, which is 1 mod 8; that of {-a, -a, -a, 3a} is
// 3 a^2, which is 3 mod 8. Both are one bit too long: one rounds down, one up.
std::vector<TieProblem> ties_of_variance(Draw& draw, DType dtype) {
  std::vector<TieProblem> ties;

  const int precision = format(dtype).precision;
  const bool thrice = draw.below(2) == 0;
  const std::uint64_t factor = thrice ? 3 : 1;
  std::uint64_t a = 0;
  const std::uint64_t limit = std::uint64_t{1} << (precision + 1);
  while (factor * a * a < limit / 2 || factor * a * a >= limit) {
    a = draw.below(std::uint64_t{2} << (precision / 2)) | 1;
  }
  const auto size = static_cast<double>(a) * 0x1p-4;
  const Midpoint b = midpoint_of(dtype, factor * a * a, -8, false);
  Problem p;
  p.momentum = 1;
  p.inputs[Input::x] = thrice ? tensor(dtype, {-size, -size, -size, 3 * size})
                              : tensor(dtype, {-size, size});
  p.inputs[Input::running_var] = one(dtype, 7);
  ties.push_back({p, Output::var, 0, b});
  ties.push_back({p, Output::running_var_biased, 0, b});
  return ties;
}

// invstd is m / sqrt(m^2 w), which has finitely many bits if m^2 w is a power
// of 4. A tie needs an m one bit longer than the precision: 257 for bf16. One
// of the 257 values is 1, so m^2 w = m - 1 = 256.
TieProblem tie_of_invstd() {
  std::vector<double> x(257, 0);
  x[100] = 1;
  Problem p;
  p.inputs[Input::x] = tensor(DType::bf16, x);
  return {
      p, Output::invstd, 0, {DType::bf16, round_to(16.0, DType::bf16), false}};
}

}  // namespace exactbn
