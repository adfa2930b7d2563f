// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "oracles/subjects/double.h"

namespace exactbn::dependence_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Different numbers between -2 and 2.
Tensor numbers(DType dtype, const Shape& shape, int seed) {
  std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 2 * std::sin(static_cast<double>(i) * 12.9 + seed);
  }
  return make_tensor(dtype, shape, values);
}

Problem any(Operation operation, const Shape& shape, DType dtype = DType::f32) {
  Problem p;
  p.operation = operation;
  p.epsilon = 0x1p-10;
  p.momentum = 0.25;
  const Shape channels = {shape[1]};
  int seed = 0;
  for (const Input input : inputs_of(operation)) {
    p.inputs[input] =
        numbers(dtype, shaped_like_x(input) ? shape : channels, ++seed);
  }
  if (p.find(Input::running_var)) {
    Tensor& var = p.inputs[Input::running_var];
    for (std::int64_t c = 0; c < var.size(); ++c) {
      var.set_bits(c, var.bits(c) & ~format(dtype).sign_bit());
    }
  }
  return p;
}

// What is told of a subject that changes the question before it answers
// rightly.
template <class Change>
std::vector<std::string> told(const Problem& problem, const Change& change) {
  const auto ask = [&](const Problem& asked) {
    Problem other = asked;
    change(other);
    return std::optional(DoubleSubject().answer({"a", other, {}}).outputs);
  };
  std::vector<std::string> all;
  for (const Dependence& d :
       wrong_dependences({"a", problem, {}}, output_names(problem), {}, ask)) {
    std::string outputs;
    for (const Output output : d.outputs) {
      outputs += std::string(outputs.empty() ? "" : " ") +
                 std::string(to_string(output));
    }
    all.push_back(outputs + ": " + d.what);
  }
  return all;
}

void set(Problem& p, Input input, std::int64_t i, double to) {
  Tensor& tensor = p.inputs.at(input);
  tensor.set_bits(i, make_tensor(tensor.dtype(), {1}, {&to, 1}).bits(0));
}

TEST(Dependence, NothingIsToldOfARightSubject) {
  for (const Operation operation : kOperations) {
    for (const DType dtype :
         {DType::f32, DType::f64, DType::f16, DType::bf16}) {
      for (const Shape& shape : {Shape{2, 3, 2, 2}, Shape{1, 2, 1}, Shape{2, 1},
                                 Shape{3, 20}, Shape{5, 2, 40}}) {
        EXPECT_THAT(told(any(operation, shape, dtype), [](Problem&) {}),
                    IsEmpty())
            << operation << ' ' << format(dtype).name << ' '
            << to_string(shape);
      }
    }
  }
}

TEST(Dependence, OfAnIgnoredParameter) {
  const Problem p = any(Operation::forward_training, {4, 2, 2});
  EXPECT_THAT(told(p, [](Problem& q) { q.epsilon = 1; }),
              ElementsAre("invstd y: epsilon is ignored"));
  EXPECT_THAT(told(p, [](Problem& q) { q.momentum = 0.5; }),
              ElementsAre("running_mean running_var: momentum is ignored"));
}

TEST(Dependence, OfAnIgnoredInput) {
  const Problem p = any(Operation::backward_training, {4, 2, 2});
  EXPECT_THAT(told(p, [](Problem& q) { q.inputs.erase(Input::gamma); }),
              ElementsAre("dx: gamma is ignored"));
  EXPECT_THAT(told(p, [&](Problem& q) { q = p; }),
              ElementsAre("dbeta dgamma dx: all inputs are ignored"));
}

TEST(Dependence, OfValuesThatAreIgnored) {
  const Problem p = any(Operation::forward_training, {7, 2});
  EXPECT_THAT(told(p,
                   [](Problem& q) {
                     for (int i : {8, 9, 10, 11, 12, 13}) {
                       set(q, Input::x, i, 0);
                     }
                   }),
              ElementsAre("invstd mean running_mean running_var var y: 3 of 7 "
                          "values of x in a channel are ignored: the last 3",
                          "y: x of the same place is ignored at 3 of 7 places: "
                          "the last 3"));
  const Problem large = any(Operation::forward_training, {2, 1, 100});
  EXPECT_THAT(told(large,
                   [](Problem& q) {
                     for (int i = 195; i < 200; ++i) set(q, Input::x, i, 0);
                   }),
              testing::Contains("invstd mean running_mean running_var var y: 5 "
                                "of 200 values of x in a channel are ignored: "
                                "the last 5"));
}

TEST(Dependence, OfSlicesThatAreIgnored) {
  EXPECT_THAT(told(any(Operation::backward_training, {70, 1, 2}),
                   [](Problem& q) {
                     for (int i = 1; i < 140; i += 2) set(q, Input::dy, i, 0);
                   }),
              testing::Contains("dbeta dgamma dx: dy is ignored at index 1 of "
                                "axis 2, of 2"));
}

TEST(Dependence, OfOtherChannels) {
  const Problem p = any(Operation::forward_inference, {2, 3, 2});
  EXPECT_THAT(told(p,
                   [](Problem& q) {
                     Tensor& beta = q.inputs.at(Input::beta);
                     for (int c : {2, 1}) beta.set_bits(c, beta.bits(c - 1));
                   }),
              ElementsAre("y: beta of channels 0, 1 matters in other channels",
                          "y: beta is ignored in channels 1 and up"));
  const Problem wide = any(Operation::forward_inference, {1, 300, 2});
  EXPECT_THAT(told(wide,
                   [](Problem& q) {
                     for (int c = 256; c < 300; ++c) set(q, Input::beta, c, 1);
                   }),
              ElementsAre("y: beta is ignored in channels 256 and up"));
}

TEST(Dependence, OfWhatShouldNotMatter) {
  EXPECT_THAT(told(any(Operation::backward_inference, {3, 2, 2}),
                   [](Problem& q) {
                     for (std::int64_t i = 0; i < q.x().size(); ++i) {
                       set(q, Input::dy, i,
                           q.inputs.at(Input::dy).value(i) * q.x().value(i));
                     }
                   }),
              ElementsAre("dbeta dx: x matters, but should not"));
}

// The old running variance happens to be that of the batch: momentum changes
// nothing there, but it may.
TEST(Dependence, NotOfWhatDoesNotMatterByAccident) {
  Problem p = any(Operation::forward_training, {2, 1});
  set(p, Input::x, 0, 1);
  set(p, Input::x, 1, -1);
  set(p, Input::running_var, 0, 2);
  const auto ask = [](const Problem& asked) {
    OutputTensors all = DoubleSubject().answer({"a", asked, {}}).outputs;
    Tensor& var = all.at(Output::running_var);
    const double wrong = var.value(0) + *asked.momentum;
    var.set_bits(0, make_tensor(DType::f32, {1}, {&wrong, 1}).bits(0));
    return std::optional(all);
  };
  EXPECT_THAT(wrong_dependences({"a", p, {}}, {Output::running_var}, {}, ask),
              IsEmpty());
}

// The first of six values counts three times.
TEST(Dependence, OfValuesThatWeighMore) {
  const Problem p = any(Operation::forward_training, {6, 1});
  EXPECT_THAT(
      told(p,
           [](Problem& q) {
             set(q, Input::x, 5, q.x().value(5) + 2 * q.x().value(0));
           }),
      testing::Contains("mean running_mean: 1 of 6 values of x in a "
                        "channel weigh 3 times as much: sample 0 alone"));
}

TEST(Dependence, OfValuesThatAreNeverWritten) {
  const Problem p = any(Operation::forward_inference, {3, 1, 3});
  const auto ask = [](const Problem& asked) {
    OutputTensors all = DoubleSubject().answer({"a", asked, {}}).outputs;
    all.at(Output::y).set_bits(8, format(DType::f32).quiet_nan());
    return std::optional(all);
  };
  const auto found = wrong_dependences({"a", p, {}}, {Output::y}, {}, ask);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, "1 of 9 values are NaN whatever x is: the last");
}

TEST(Dependence, NothingIsToldIfAnswersDiffer) {
  int calls = 0;
  const auto ask = [&](const Problem& asked) {
    OutputTensors all = DoubleSubject().answer({"a", asked, {}}).outputs;
    all.at(Output::y).set_bits(0, static_cast<std::uint64_t>(++calls));
    return std::optional(all);
  };
  const Problem p = any(Operation::forward_inference, {3, 1, 3});
  EXPECT_THAT(wrong_dependences({"a", p, {}}, {Output::y}, {}, ask), IsEmpty());
}

}  // namespace
}  // namespace exactbn::dependence_test
