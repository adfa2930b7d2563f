// SPDX-License-Identifier: Apache-2.0
// Shapes and values on which known defects fail, and neighbours on which others
// may.
#include <cmath>

#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

using enum Operation;

// Half are f32, the format of most kernels.
constexpr std::array kTurns = {DType::f32,  DType::f64, DType::f32,
                               DType::bf16, DType::f32, DType::f16};

DType format_in_turn(std::size_t i) { return kTurns[i % kTurns.size()]; }

// At, before and after the sizes of SIMD vectors, warps and blocks, in each
// layout: m along a row, down a column, and across both.
void add_block_edges(Suite& suite) {
  constexpr std::int64_t counts[] = {4,   5,   7,    8,    9,   15,  16,
                                     17,  63,  64,   65,   255, 256, 511,
                                     512, 513, 1023, 1024, 2049};
  std::size_t i = 0;
  for (const std::int64_t m : counts) {
    const Shape shapes[] = {{1, 2, m}, {m, 2}, {1, m, 1, 2}};
    const Shape& shape = shapes[i % 3];
    const int axis = shape.size() == 4 ? 3 : 1;
    const DType dtype = format_in_turn(i);
    suite.add(suite.draw("BlockTail", forward_training, dtype, shape, axis),
              {"BlockTail"});
    if (i % 2 == 0 && m < 2048) {
      suite.add(suite.draw("BlockTail", backward_training, dtype, shape, axis),
                {"BlockTail"});
    }
    ++i;
  }
  for (const Operation operation : {jvp_training, double_backward_training}) {
    for (const std::int64_t m : {17, 65, 257}) {
      suite.add(suite.draw("BlockTail", operation, DType::f32, {m, 2}),
                {"SecondOrder", "BlockTail"});
    }
  }
}

// The same for the number of channels, as axis 1 and as the last axis.
void add_channel_edges(Suite& suite) {
  std::size_t i = 0;
  for (const std::int64_t channels :
       {2, 15, 16, 17, 31, 33, 63, 64, 129, 257}) {
    const Shape second = {2, channels, 1, 3};
    const Shape last = {3, 2, channels};
    const DType dtype = format_in_turn(i);
    const Operation operation = kFirstOrder[i % kFirstOrder.size()];
    const Operation other = kFirstOrder[(i + 2) % kFirstOrder.size()];
    suite.add(suite.draw("ChannelTail", operation, dtype, second, 1),
              {"ChannelTail"});
    suite.add(suite.draw("ChannelTail", other, dtype, last, 2),
              {"ChannelTail", "ChannelsLast"});
    ++i;
  }
}

// From 2^15 on, an f32 sum cannot hold 2^-9. Then a sum and a count beyond the
// largest f16 value.
void add_long_sums(Suite& suite) {
  const Shape shape = {17, 1, 32, 64};
  Problem x = suite.draw("LongSum", forward_training, DType::f32, shape);
  set(x, Input::x, {1, 1 + 0x1p-9});
  suite.add(std::move(x), {"LongSum"});

  Problem dy = suite.draw("LongSum", backward_training, DType::f32, shape);
  set(dy, Input::dy, {1, 1 + 0x1p-9});
  suite.add(std::move(dy), {"LongSum"});

  suite.add(suite.draw("SumOverflowF16", forward_training, DType::f16,
                       {1, 1, 256, 256}),
            {"SumOverflowF16"});
}

// Exponents so large that the product of gamma with x or dy leaves the range of
// the format, though no square does.
struct Exponents {
  DType dtype;
  int gamma;
  int values;
};
constexpr Exponents kProducts[] = {
    {DType::f32, 70, 60}, {DType::f16, 9, 7}, {DType::bf16, 70, 60}};

void add_product_overflow(Suite& suite, const Exponents& e) {
  const Shape shape = {2, 3, 1, 5};
  const double gamma = std::ldexp(1.0, e.gamma);
  const double values = std::ldexp(1.0, e.values);
  for (const Operation operation : kFirstOrder) {
    Problem p = suite.draw("ProductOverflow", operation, e.dtype, shape);
    rescale(p, values);
    transform(p, Input::gamma, gamma, 0);
    transform(p, Input::dy, values, 0);
    suite.add(std::move(p), {"ProductOverflow"});
  }
  // Here gamma invstd does.
  for (const Operation operation : {forward_training, forward_inference}) {
    Problem p = suite.draw("ProductOverflow", operation, e.dtype, shape);
    rescale(p, 2 / values);
    transform(p, Input::gamma, gamma, 0);
    p.epsilon = 0;
    suite.add(std::move(p), {"ProductOverflow", "EpsilonZero"});
  }
}

// invstd^3 leaves the range; dx is far inside it.
void add_cube_overflow(Suite& suite, DType dtype) {
  const int k = (format(dtype).emax + 7) / 3;
  Problem p =
      suite.draw("ProductOverflow", backward_training, dtype, {2, 3, 1, 5});
  rescale(p, std::ldexp(1.0, -k));
  transform(p, Input::dy, std::ldexp(1.0, -k), 0);
  p.epsilon = 0;
  suite.add(std::move(p), {"ProductOverflow", "EpsilonZero"});
}

// Each sample has its own mean, as in batches gathered in order.
void add_drift(Suite& suite, DType dtype) {
  for (const Operation operation : {forward_training, backward_training}) {
    Problem p = suite.draw("Drift", operation, dtype, {5, 3, 2, 3});
    Tensor& x = p.inputs.at(Input::x);
    const std::int64_t size = x.size() / 5;
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const std::int64_t sample = i / size;
      const double moved = x.value(i) + 4 * static_cast<double>(sample);
      x.set_bits(i, round_to(moved, dtype));
    }
    suite.add(std::move(p), {"Drift"});
  }
}

// dx is small compared with the two terms subtracted from dy.
void add_mean_of_dy(Suite& suite, DType dtype) {
  for (const Operation operation : {backward_training, backward_inference}) {
    Problem p = suite.draw("MeanOfDy", operation, dtype, {3, 4, 3, 3});
    transform(p, Input::dy, 1, 30);
    suite.add(std::move(p), {"MeanOfDy"});
  }
}

void add_large_beta(Suite& suite, DType dtype) {
  Problem p = suite.draw("LargeBeta", forward_training, dtype, {3, 4, 3, 3});
  transform(p, Input::beta, 1000, 0);
  transform(p, Input::gamma, 0.25, 0);
  suite.add(std::move(p), {"LargeBeta"});
}

// Values that the first-order families have too.
void add_second_order_values(Suite& suite, Operation operation) {
  const auto drawn = [&] {
    return suite.draw("SecondOrder", operation, DType::f32, {3, 4, 3, 2});
  };
  Problem one = drawn();
  one.epsilon = 1;
  suite.add(std::move(one), {"SecondOrder", "EpsilonOne"});

  Problem zero = drawn();
  set(zero, Input::gamma, {0, -1.25, 0, 1.5});
  suite.add(std::move(zero), {"SecondOrder", "ZeroGamma"});

  Problem small = drawn();
  rescale(small, 0x1p-13);
  suite.add(std::move(small), {"SecondOrder", "TinyVariance"});
}

}  // namespace

void add_defects(Suite& suite) {
  add_block_edges(suite);
  add_channel_edges(suite);
  add_long_sums(suite);
  for (const Exponents& e : kProducts) add_product_overflow(suite, e);
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    add_cube_overflow(suite, dtype);
  }
  for (const DType dtype : kSuiteDTypes) {
    add_drift(suite, dtype);
    add_mean_of_dy(suite, dtype);
  }
  add_large_beta(suite, DType::f32);
  add_large_beta(suite, DType::f16);
  add_second_order_values(suite, jvp_training);
  add_second_order_values(suite, double_backward_training);
}

}  // namespace exactbn::suite
