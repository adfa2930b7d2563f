// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "reference/rounded/affine_form.h"
#include "reference/testing/any_problem.h"

namespace exactbn::rounded_test {
namespace {

constexpr double kNaN = NAN;

// Values around a mean, as in training; within 40 binades; or of any bits.
enum class Data : std::uint8_t { ordinary, wide, any_bits };

double drawn_value(Draw& draw, Data data, double mean) {
  if (data == Data::ordinary) return mean + draw.normal();
  return std::ldexp(draw.normal(), static_cast<int>(draw.below(40)) - 20);
}

Tensor data_of(Draw& draw, DType dtype, const Shape& shape, Data data,
               double mean) {
  return drawn(draw, dtype, shape, [&](Draw& each, DType) {
    std::uint64_t bits = draw_bits(each, dtype);
    if (data == Data::any_bits) return bits;
    do {
      bits = round_to(drawn_value(each, data, mean), dtype);
    } while (!is_finite(bits, dtype));
    return bits;
  });
}

// The formats to draw from for each tensor.
struct Formats {
  std::vector<DType> among;
  DType next(Draw& draw) const { return among[draw.below(among.size())]; }
};

Problem problem_of(Draw& draw, Operation operation, const Formats& formats,
                   const Shape& shape, int axis, Data data) {
  Problem p;
  p.operation = operation;
  p.channel_axis = axis;
  p.epsilon = draw.below(3) == 0 ? 0 : 0x1p-17;
  p.momentum = 0.1;
  p.inputs[Input::x] = data_of(draw, formats.next(draw), shape, data, 3);
  each_input(operation, [&](Input name) {
    if (name == Input::x) return;
    const DType dtype = formats.next(draw);
    const Tensor t = data_of(draw, dtype, shape_of(p, name), data, 1);
    p.inputs[name] = name == Input::running_var ? magnitudes(t) : t;
  });
  require_valid(p);
  return p;
}

using Counts = std::map<Output, FilterCounts>;

void expect_same_bits(const Problem& p, DType dtype, Counts& all) {
  const ExactBatchNorm exact(p);
  for (const Output output : output_names(p)) {
    ASSERT_EQ(form_inputs(p.operation, output).empty(), !shaped_like_x(output));
    FilterCounts& counts = all[output];
    FilterCounts off;
    const Tensor slow = rounded(exact, output, dtype, Filter::off, &off);
    const Tensor fast = rounded(exact, output, dtype, Filter::on, &counts);
    ASSERT_EQ(off.by_integers, slow.size());
    ASSERT_EQ(off.by_bound, 0);
    for (std::int64_t i = 0; i < slow.size(); ++i) {
      ASSERT_EQ(fast.bits(i), slow.bits(i))
          << to_string(p.operation) << ' ' << output << '[' << i << "] of "
          << to_string(p.x().shape()) << ' ' << format(dtype).name;
    }
  }
}

TEST(Rounded, SameBitsAsIntegersWhateverTheData) {
  Draw draw(1);
  Counts counts;
  const std::vector<std::pair<Shape, int>> shapes = {
      {{2, 3}, 1},     {{7, 2, 5}, 1},    {{5, 4, 5}, 2},
      {{1, 2, 65}, 1}, {{2, 2, 8, 9}, 1}, {{2, 8, 9, 3}, 3}};
  for (int trial = 0; trial < 12; ++trial) {
    for (const Data data : {Data::ordinary, Data::wide, Data::any_bits}) {
      for (const Operation operation : kOperations) {
        for (const DType dtype : kDTypes) {
          const auto& [shape, axis] = shapes[draw.below(shapes.size())];
          const Problem p =
              problem_of(draw, operation, {{dtype}}, shape, axis, data);
          expect_same_bits(p, dtype, counts);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  for (const Output output : {Output::y, Output::dx, Output::y_dot,
                              Output::grad_dy, Output::grad_x}) {
    EXPECT_GT(counts[output].by_bound, counts[output].by_integers) << output;
  }
}

TEST(Rounded, SameBitsIfEachTensorHasItsOwnFormat) {
  Draw draw(2);
  Counts counts;
  Counts of_all;
  const Formats all = {{kDTypes.begin(), kDTypes.end()}};
  const Formats long_ones = {{kDTypes.begin(), kDTypes.begin() + 4}};
  for (int trial = 0; trial < 10; ++trial) {
    for (const Data data : {Data::ordinary, Data::wide}) {
      for (const Operation operation : kOperations) {
        for (const DType out : kDTypes) {
          expect_same_bits(
              problem_of(draw, operation, long_ones, {3, 2, 30}, 1, data), out,
              counts);
          expect_same_bits(
              problem_of(draw, operation, all, {3, 2, 30}, 1, data), out,
              of_all);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  // In 8 bits gamma is often 0, and exact zeros are always left to integers.
  for (const Output output : {Output::y, Output::dx, Output::y_dot,
                              Output::grad_dy, Output::grad_x}) {
    EXPECT_GT(counts[output].by_bound, 50 * counts[output].by_integers)
        << output;
  }
}

// One of three channels has a NaN or an infinity, and another has w = 0.
TEST(Rounded, SameBitsIfAChannelHasNaNOrInfinity) {
  Draw draw(5);
  const std::int64_t channels = 3;
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, int>>{
           {{20, channels}, 1}, {{2, channels, 70}, 1}}) {
    for (const Operation operation : kOperations) {
      Problem clean = problem_of(draw, operation, {{DType::f64}}, shape, axis,
                                 Data::ordinary);
      clean.epsilon = 0;
      const ChannelView view = clean.view();
      for (std::int64_t k = 0; k < view.count(); ++k) {
        clean.inputs[Input::x].set_bits(view.offset(2, k), 0);
      }
      for (const auto& [name, tensor] : clean.inputs) {
        for (const double value : {kNaN, HUGE_VAL, -HUGE_VAL}) {
          if (name == Input::running_var && value < 0) continue;
          Problem p = clean;
          p.inputs[name].set_bits(
              shaped_like_x(name) ? view.offset(1, view.count() - 1) : 1,
              round_to(value, DType::f64));
          Counts counts;
          expect_same_bits(p, DType::f64, counts);
          if (HasFatalFailure()) FAIL() << name << " = " << value;
          // The first channel is unaffected.
          for (const auto& [output, count] : counts) {
            if (!shaped_like_x(output)) continue;
            EXPECT_GE(count.by_bound, view.count()) << output << ' ' << name;
          }
        }
      }
    }
  }
}

TEST(Rounded, SameBitsAcrossBlocksLayoutsAndThreads) {
  Draw draw(3);
  Counts counts;
  const int threads = omp_get_max_threads();
  for (const auto& [shape, axis] :
       std::vector<std::pair<Shape, int>>{{{1, 2, 2047}, 1},
                                          {{1, 1, 2049}, 1},
                                          {{2, 1, 4097}, 1},
                                          {{2, 41, 53}, 2},
                                          {{16, 2100}, 1}}) {
    for (const Operation operation :
         {Operation::backward_training, Operation::double_backward_training}) {
      const Problem p = problem_of(draw, operation, {{DType::f64}}, shape, axis,
                                   Data::ordinary);
      for (const int n : {1, 3}) {
        omp_set_num_threads(n);
        expect_same_bits(p, DType::f64, counts);
      }
    }
  }
  omp_set_num_threads(threads);
}

TEST(Rounded, TheBoundDecidesNearlyEverything) {
  Draw draw(4);
  for (const DType dtype : kDTypes) {
    for (const Operation operation : kOperations) {
      Counts counts;
      expect_same_bits(problem_of(draw, operation, {{dtype}}, {8, 2, 500}, 1,
                                  Data::ordinary),
                       dtype, counts);
      for (const auto& [output, count] : counts) {
        if (!shaped_like_x(output)) continue;
        // In 8 bits some dy are 0, and so is dx with frozen statistics.
        EXPECT_LT(count.by_integers, format(dtype).width == 8 ? 40 : 5)
            << output << ' ' << format(dtype).name;
      }
    }
  }
}

// x is 0 or 4: w = 4 and xhat = +-1; gamma = 1 + 2^-23 and beta = 1 make y of
// x = 4 lie midway between two floats, where no bound decides.
TEST(Rounded, IntegersDecideTies) {
  Problem p;
  std::vector<double> x(16, 0.0);
  std::fill_n(x.begin(), 8, 4.0);
  p.inputs[Input::x] = make_tensor(DType::f32, {16, 1}, x);
  p.inputs[Input::gamma] =
      make_tensor(DType::f32, {1}, std::vector{1 + 0x1p-23});
  p.inputs[Input::beta] = make_tensor(DType::f32, {1}, std::vector{1.0});
  FilterCounts counts;
  const Tensor y =
      rounded(ExactBatchNorm(p), Output::y, DType::f32, Filter::on, &counts);
  EXPECT_EQ(y.value(0), 2);
  EXPECT_EQ(y.value(15), -0x1p-23);
  EXPECT_EQ(counts.by_integers, 8);
  EXPECT_EQ(counts.by_bound, 8);
}

TEST(Rounded, RejectsAnOutputThatTheOperationDoesNotProduce) {
  Draw draw(6);
  for (const Operation operation : kOperations) {
    const Problem p = problem_of(draw, operation, {{DType::f32}}, {80, 64}, 1,
                                 Data::ordinary);
    const OutputNames own = output_names(p);
    const ExactBatchNorm exact(p);
    for (const Output output : {Output::y, Output::dx, Output::y_dot,
                                Output::grad_dy, Output::grad_x}) {
      if (own.contains(output)) continue;
      for (const Filter filter : {Filter::on, Filter::off}) {
        EXPECT_THROW(rounded(exact, output, DType::f32, filter),
                     std::invalid_argument)
            << to_string(operation) << ' ' << output;
      }
    }
  }
}

}  // namespace
}  // namespace exactbn::rounded_test
