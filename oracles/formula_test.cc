// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "oracles/formula/facts.h"
#include "oracles/formula/fingerprint.h"
#include "oracles/subjects/double.h"
#include "reference/draw.h"

namespace exactbn::formula_test {
namespace {

using formula::Choice;
using formula::Facts;
using formula::Slot;
using testing::HasSubstr;

Tensor drawn(Draw& draw, DType dtype, const Shape& shape, bool positive) {
  Tensor t(dtype, shape);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    const double x = draw.normal() + 0.75;
    t.set_bits(i, round_to(positive ? 0.5 + std::fabs(x) : x, dtype));
  }
  return t;
}

// Problems of several shapes, in an order that repeats shapes.
std::vector<Case> questions(Operation operation, DType dtype = DType::f32) {
  Draw draw(7);
  std::vector<Case> cases;
  const std::vector<Shape> shapes = {{9, 3},     {2, 3, 7}, {3, 4, 3, 3},
                                     {2, 2, 11}, {2, 3, 7}, {1, 2, 38}};
  for (const Shape& shape : shapes) {
    Case c;
    c.id = fmt::format("case-{}", cases.size());
    Problem& p = c.problem;
    p.operation = operation;
    p.epsilon = 0x1p-3;
    p.momentum = 0.375;
    for (const Input name : inputs_of(operation)) {
      const bool like_x = shaped_like_x(name);
      p.inputs.emplace(name,
                       drawn(draw, dtype, like_x ? shape : Shape{shape[1]},
                             name == Input::running_var));
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

// What a subject answers that is right but for one output.
std::vector<WrongFormula> found(
    const std::vector<Case>& cases, Output output,
    const std::function<double(const Case&, std::int64_t, double)>& wrong) {
  DoubleSubject right;
  std::vector<Answer> answers;
  std::vector<char> failed;
  for (const Case& c : cases) {
    Answer answer = right.answer(c);
    Tensor& tensor = answer.outputs.find(output)->second;
    const Tensor before = tensor;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i,
                      round_to(wrong(c, i, tensor.value(i)), tensor.dtype()));
    }
    failed.push_back(tensor == before ? 0 : 1);
    answers.push_back(std::move(answer));
  }
  std::vector<Observed> run;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Observed one;
    one.question = &cases[i];
    one.calls = {&answers[i]};
    one.failed = failed[i] != 0;
    run.push_back(std::move(one));
  }
  return wrong_formulas(run, {});
}

TEST(WrongFormulas, AreNoneOfASoundSubject) {
  for (const Operation operation : kOperations) {
    const auto cases = questions(operation);
    const Output output = output_names(cases[0].problem)[0];
    EXPECT_TRUE(found(cases, output, [](const Case&, std::int64_t, double v) {
                  return v;
                }).empty());
  }
}

// Each alternative of each slot, computed in f32, is found again: by its name,
// or by that of a formula that gives the same values.
TEST(WrongFormulas, AreFoundAgain) {
  // The others share these formulas.
  for (const Operation operation :
       {Operation::forward_training, Operation::backward_training,
        Operation::jvp_training, Operation::double_backward_training}) {
    const std::vector<Case> cases = questions(operation);
    for (const Output output : output_names(cases[0].problem)) {
      std::map<const Case*, Facts> facts;
      for (const Case& c : cases) {
        Facts& of = facts
                        .emplace(std::piecewise_construct, std::tuple(&c),
                                 std::tuple(std::cref(c.problem),
                                            RunningVariance::unbiased,
                                            formula::Earlier()))
                        .first->second;
        const std::int64_t n =
            Tensor(DType::f64, shape_of(c.problem, output)).size();
        for (std::int64_t i = 0; i < n; ++i) of.prepare(output, i);
      }
      for (const Slot slot : formula::slots_of(output)) {
        if (slot == Slot::inputs) continue;
        for (std::size_t a = 1; a < formula::alternatives(slot); ++a) {
          const Choice choice = Choice().with(slot, a);
          const std::string what = formula::what(operation, output, choice);
          EXPECT_FALSE(what.empty());
          std::set<std::string> differs;
          const auto all = found(
              cases, output, [&](const Case& c, std::int64_t i, double right) {
                const auto v =
                    static_cast<double>(facts.at(&c).value(output, choice, i));
                if (std::isnan(v)) return right;
                if (std::fabs(v - right) > 1e-3) {
                  differs.insert(c.id);
                }
                return v;
              });
          if (differs.size() < 2) continue;
          ASSERT_FALSE(all.empty()) << operation << output << ": " << what;
          EXPECT_TRUE(all[0].outputs.contains(output));
          EXPECT_TRUE(all[0].missed.empty()) << what << " as " << all[0].what;
        }
      }
    }
  }
}

TEST(WrongFormulas, TellTwoFaultsAtOnce) {
  const Choice choice = Choice()
                            .with(Slot::gamma, formula::Parameter::squared)
                            .with(Slot::epsilon, formula::Epsilon::missing);
  const auto all =
      found(questions(Operation::forward_training), Output::y,
            [&](const Case& c, std::int64_t i, double) {
              Facts facts(c.problem, RunningVariance::unbiased, {});
              facts.prepare(Output::y, i);
              return static_cast<double>(facts.value(Output::y, choice, i));
            });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].what, "epsilon is missing; gamma is squared");
  EXPECT_EQ(all[0].explained.size(), 6u);
  EXPECT_TRUE(all[0].missed.empty());
}

// Only in some cases: they have a branch in common.
TEST(WrongFormulas, SayWhere) {
  const auto all = found(questions(Operation::backward_training), Output::dbeta,
                         [](const Case& c, std::int64_t, double v) {
                           return c.problem.x().shape().size() == 3 ? 2 * v : v;
                         });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].what, "dbeta is twice the right value");
  EXPECT_EQ(all[0].explained.size(), 4u);
  EXPECT_EQ(all[0].elsewhere.size(), 2u);
}

TEST(WrongFormulas, TellThatStatisticsAreThoseOfAnEarlierCall) {
  const std::vector<Case> cases = questions(Operation::forward_training);
  const auto all = found(
      cases, Output::mean, [&](const Case& c, std::int64_t i, double right) {
        if (&c != &cases[4]) return right;  // the shape of cases[1]
        DoubleSubject subject;
        return subject.answer(cases[1]).outputs.at(Output::mean).value(i);
      });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].what, HasSubstr("the forward pass before"));
  EXPECT_EQ(all[0].explained, std::vector<std::size_t>{4});
}

TEST(WrongFormulas, TellThatInputsAreRounded) {
  const auto all =
      found(questions(Operation::forward_training, DType::f64), Output::y,
            [](const Case& c, std::int64_t i, double) {
              Facts facts(c.problem, RunningVariance::unbiased, {},
                          formula::Inputs::x_as_f32);
              facts.prepare(Output::y, i);
              return static_cast<double>(facts.value(Output::y, {}, i));
            });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].what, "x is rounded to f32 first");
}

TEST(WrongFormulas, TellThatBitsAreReadInAnotherFormat) {
  const auto all =
      found(questions(Operation::backward_training, DType::bf16), Output::dx,
            [](const Case& c, std::int64_t i, double) {
              Facts facts(c.problem, RunningVariance::unbiased, {},
                          formula::Inputs::dy_in_other_16);
              facts.prepare(Output::dx, i);
              return static_cast<double>(facts.value(Output::dx, {}, i));
            });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].what,
            "the bits of dy are read as the other 16-bit format: f16 for bf16");
}

TEST(WrongFormulas, TellWhatIsKeptInTheFormatOfX) {
  const Choice choice = Choice().with(
      Slot::kept,
      formula::kept(formula::Kept::sums, formula::KeptAs::format_of_x));
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const auto all =
        found(questions(Operation::backward_training, dtype), Output::dx,
              [&](const Case& c, std::int64_t i, double) {
                Facts facts(c.problem, RunningVariance::unbiased, {});
                facts.prepare(Output::dx, i);
                return static_cast<double>(facts.value(Output::dx, choice, i));
              });
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].what,
              "dbeta and dgamma, as dx uses them, are rounded to the format of "
              "x");
  }
}

// Without a formula, the values themselves say something.
TEST(WrongFormulas, HaveFingerprints) {
  const auto of_y = [](const auto& wrong) -> std::string {
    const auto all = found(questions(Operation::forward_training), Output::y,
                           [&](const Case& c, std::int64_t i, double v) {
                             return wrong(c, c.problem.view().channel(i), v);
                           });
    return all.empty() ? "" : all[0].what;
  };
  EXPECT_THAT(of_y([](const Case&, std::int64_t, double v) {
                return to_double(round_to(v * 1.01, DType::bf16), DType::bf16);
              }),
              HasSubstr("is a number of bf16"));
  EXPECT_EQ(of_y([](const Case&, std::int64_t, double v) {
              return std::max(-0.5, std::min(v, 0.5));
            }),
            "y is cut to between -0.5 and 0.5");
  EXPECT_EQ(of_y([](const Case&, std::int64_t, double v) { return 128 * v; }),
            "y is 128 times the right value");
  // A few values are enough if they agree in many bits.
  EXPECT_EQ(of_y([](const Case& c, std::int64_t channel, double v) {
              const double gamma = c.problem.find(Input::gamma)->value(channel);
              const double beta = c.problem.find(Input::beta)->value(channel);
              const double xhat = (v - beta) / gamma;
              return beta + gamma * std::max(-2.25, std::min(xhat, 2.25));
            }),
            "xhat is cut to between -2.25 and 2.25");
  EXPECT_THAT(of_y([](const Case& c, std::int64_t channel, double v) {
                const double beta = c.problem.find(Input::beta)->value(channel);
                const double factor =
                    1 + 1e-4 * (static_cast<double>(channel % 3) + 1);
                return beta + (v - beta) * factor;
              }),
              HasSubstr("is off by up to 0.0003 of itself"));
}

}  // namespace
}  // namespace exactbn::formula_test
