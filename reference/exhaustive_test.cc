// SPDX-License-Identifier: Apache-2.0
// For every pair, and on request every triple, of 8-bit inputs: compares y, dx
// and dgamma with integers that share no code with the reference.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <vector>

#include "reference/draw.h"
#include "reference/exact.h"
#include "reference/rounded.h"
#include "reference/testing/trials.h"

namespace exactbn::exhaustive_test {
namespace {

// 2^480 bounds the squares and products below, for m = 3 in E5M2.
using Int = boost::multiprecision::int512_t;

// An 8-bit format from the tables of its specification: the magnitude of
// pattern k as a multiple of the smallest, up to the first that is not a
// number.
struct Table {
  explicit Table(DType dtype)
      : fraction_bits(dtype == DType::f8e4m3fn ? 3 : 2),
        first_special(dtype == DType::f8e4m3fn ? 0x7f : 0x7c),
        exponent(dtype == DType::f8e4m3fn ? -9 : -16) {
    for (std::int64_t k = 0; k <= first_special; ++k) {
      const std::int64_t hidden = std::int64_t{1} << fraction_bits;
      const std::int64_t field = k / hidden;
      const std::int64_t fraction = k % hidden;
      sizes.push_back(field == 0 ? fraction
                                 : (hidden + fraction) << (field - 1));
    }
  }

  bool is_number(std::uint64_t bits) const {
    return static_cast<int>(bits & 0x7f) < first_special;
  }
  // A number as a multiple of 2^exponent.
  std::int64_t at(std::uint64_t bits) const {
    const std::int64_t size = sizes[bits & 0x7f];
    return bits & 0x80 ? -size : size;
  }

  int fraction_bits;
  int first_special;
  int exponent;
  std::vector<std::int64_t> sizes;
};

// The number (a + b / sqrt(v)) / d in multiples of 2^-32, with v and d > 0.
struct Root {
  Int a;
  Int b;
  Int v;
  Int d = 1;
};

// The sign of a + b / sqrt(v), from a^2 v and b^2 if the signs differ.
int sign_of(const Int& a, const Int& b, const Int& v) {
  const int sa = a.sign();
  const int sb = b.sign();
  if (sa == sb || sb == 0) return sa;
  if (sa == 0) return sb;
  const Int difference = a * a * v - b * b;
  return difference == 0 ? 0 : difference > 0 ? sa : sb;
}

// The pattern nearest to the number. A binary search counts the magnitudes
// whose midpoint with the next lies below it.
std::uint64_t nearest(const Root& r, const Table& out) {
  const int sign = sign_of(r.a, r.b, r.v);
  if (sign == 0) return 0;
  // Halves of the smallest number, in multiples of 2^-32.
  const int shift = out.exponent - 1 + 32;
  std::uint64_t low = 0;
  auto high = static_cast<std::uint64_t>(out.first_special);
  while (low < high) {
    const std::uint64_t k = (low + high) / 2;
    const Int halves = out.sizes[k] + out.sizes[k + 1];
    const Int midpoint = Int(halves << shift) * r.d;
    const int side =
        sign * sign_of(r.a - sign * midpoint, r.b, r.v);  // of |r| - midpoint
    const bool above = side > 0 || (side == 0 && k % 2 == 1);
    if (above) {
      low = k + 1;
    } else {
      high = k;
    }
  }
  return low | (sign < 0 ? 0x80 : 0);
}

// A problem whose channels all differ, with epsilon 2^-16 or 0.
struct Batch {
  Batch(DType in_format, std::int64_t values, std::int64_t count, bool epsilon)
      : in(in_format),
        dtype(in_format),
        m(values),
        channels(count),
        epsilon_is_tiny(epsilon) {
    for (Tensor* tensor : {&x, &dy}) *tensor = Tensor(dtype, {m, channels});
    for (Tensor* tensor : {&gamma, &beta}) *tensor = Tensor(dtype, {channels});
  }

  // Random numbers of any size.
  void draw_parameters(Draw& draw) {
    for (std::int64_t c = 0; c < channels; ++c) {
      gamma.set_bits(c, draw_bits(draw, dtype));
      beta.set_bits(c, draw_bits(draw, dtype));
    }
  }

  Problem problem(Operation operation) const {
    Problem p;
    p.operation = operation;
    p.channel_axis = 1;
    p.epsilon = epsilon_is_tiny ? 0x1p-16 : 0;
    p.inputs[Input::x] = x;
    p.inputs[Input::gamma] = gamma;
    if (operation == Operation::forward_training) {
      p.inputs[Input::beta] = beta;
    } else {
      p.inputs[Input::dy] = dy;
    }
    return p;
  }

  Table in;
  DType dtype;
  std::int64_t m;
  std::int64_t channels;
  bool epsilon_is_tiny;
  Tensor x, dy, gamma, beta;
};

// The sums of a channel in units of the format.
struct Sums {
  Int s1, s2, d1, d2;
  Int v;  // m^2 w
  bool x_numbers = true;
  bool dy_numbers = true;

  Sums(const Batch& b, std::int64_t c) {
    for (std::int64_t k = 0; k < b.m; ++k) {
      const std::uint64_t x = b.x.bits(k * b.channels + c);
      const std::uint64_t dy = b.dy.bits(k * b.channels + c);
      x_numbers = x_numbers && b.in.is_number(x);
      dy_numbers = dy_numbers && b.in.is_number(dy);
      if (!x_numbers || !dy_numbers) continue;
      s1 += b.in.at(x);
      s2 += Int(b.in.at(x)) * b.in.at(x);
      d1 += b.in.at(dy);
      d2 += Int(b.in.at(dy)) * b.in.at(x);
    }
    v = b.m * s2 - s1 * s1;
    // 2^-16 m^2 in units of 2^(2 exponent)
    if (b.epsilon_is_tiny) {
      v += Int(b.m * b.m) << (-16 - 2 * b.in.exponent);
    }
  }
};

Int to_2_32(const Int& units, int exponent) { return units << (exponent + 32); }

void check_y(const Batch& b, DType out_format) {
  const Table out(out_format);
  const Problem p = b.problem(Operation::forward_training);
  const ExactBatchNorm exact(p);
  const Tensor y = exact.rounded(Output::y, out_format);
  ASSERT_EQ(rounded(exact, Output::y, out_format), y);
  for (std::int64_t c = 0; c < b.channels; ++c) {
    const Sums s(b, c);
    if (!s.x_numbers) continue;
    for (std::int64_t k = 0; k < b.m; ++k) {
      const std::int64_t i = k * b.channels + c;
      if (s.v == 0) {
        ASSERT_TRUE(is_nan(y.bits(i), out_format));
        continue;
      }
      const Int centred = b.m * Int(b.in.at(b.x.bits(i))) - s.s1;
      const Int product = centred * b.in.at(b.gamma.bits(c));
      ASSERT_EQ(y.bits(i),
                nearest({to_2_32(b.in.at(b.beta.bits(c)), b.in.exponent),
                         to_2_32(product, b.in.exponent), s.v},
                        out))
          << "channel " << c << ", " << i;
    }
  }
}

void check_gradients(const Batch& b, DType out_format) {
  const Table out(out_format);
  const Problem p = b.problem(Operation::backward_training);
  const ExactBatchNorm exact(p);
  const Tensor dx = exact.rounded(Output::dx, out_format);
  const Tensor dgamma = exact.rounded(Output::dgamma, out_format);
  ASSERT_EQ(rounded(exact, Output::dx, out_format), dx);
  for (std::int64_t c = 0; c < b.channels; ++c) {
    const Sums s(b, c);
    if (!s.x_numbers || !s.dy_numbers) continue;
    if (s.v == 0) {
      ASSERT_TRUE(is_nan(dgamma.bits(c), out_format));
      ASSERT_TRUE(is_nan(dx.bits(c), out_format));
      continue;
    }
    const Int m_t = b.m * s.d2 - s.s1 * s.d1;
    ASSERT_EQ(dgamma.bits(c),
              nearest({0, to_2_32(m_t, b.in.exponent), s.v}, out))
        << "channel " << c;
    for (std::int64_t k = 0; k < b.m; ++k) {
      const std::int64_t i = k * b.channels + c;
      const Int x = b.m * Int(b.in.at(b.x.bits(i))) - s.s1;
      const Int g = b.m * Int(b.in.at(b.dy.bits(i))) - s.d1;
      // A gamma in units and an x in units: their exponents cancel.
      const Int q = b.in.at(b.gamma.bits(c)) * (g * s.v - x * m_t);
      ASSERT_EQ(dx.bits(i),
                nearest({0, to_2_32(q, b.in.exponent), s.v, s.v}, out))
          << "channel " << c << ", " << i;
    }
  }
}

constexpr std::array kEight = {DType::f8e4m3fn, DType::f8e5m2};
constexpr std::int64_t kPairs = trials(0x10000);

// Gives each channel of `tensor` another pair: all pairs if there are enough
// channels, else every ninth. Further rows hold arbitrary numbers.
void set_pairs(Tensor& tensor, Draw& draw, DType dtype) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const auto pair = static_cast<std::uint64_t>(9 * (i % kPairs)) & 0xffff;
    tensor.set_bits(i, i < kPairs       ? pair & 0xff
                       : i < 2 * kPairs ? pair >> 8
                                        : draw_bits(draw, dtype));
  }
}

void set_any(Tensor& tensor, Draw& draw, DType dtype) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, draw_bits(draw, dtype));
  }
}

TEST(Exhaustive, EveryPairOfX) {
  Draw draw(1);
  for (const DType in : kEight) {
    for (const std::int64_t m : {2, 3}) {
      for (const bool epsilon : {false, true}) {
        Batch b(in, m, kPairs, epsilon);
        set_pairs(b.x, draw, in);
        set_any(b.dy, draw, in);
        b.draw_parameters(draw);
        for (const DType out : kEight) {
          check_y(b, out);
          check_gradients(b, out);
        }
      }
    }
  }
}

TEST(Exhaustive, EveryPairOfDy) {
  Draw draw(2);
  for (const DType in : kEight) {
    for (const std::int64_t m : {2, 3}) {
      Batch b(in, m, kPairs, true);
      set_pairs(b.dy, draw, in);
      set_any(b.x, draw, in);
      b.draw_parameters(draw);
      for (const DType out : kEight) check_gradients(b, out);
    }
  }
}

// Takes a quarter of an hour; README.md has the command.
TEST(Exhaustive, DISABLED_EveryTripleOfX) {
  Draw draw(3);
  for (const DType in : kEight) {
    for (std::uint64_t third = 0; third < 0x100; ++third) {
      Batch b(in, 3, kPairs, third % 2 == 0);
      set_pairs(b.x, draw, in);
      for (std::int64_t c = 0; c < kPairs; ++c) {
        b.x.set_bits(2 * kPairs + c, third);
      }
      set_any(b.dy, draw, in);
      b.draw_parameters(draw);
      check_y(b, in);
      check_gradients(b, in);
    }
  }
}

}  // namespace
}  // namespace exactbn::exhaustive_test
