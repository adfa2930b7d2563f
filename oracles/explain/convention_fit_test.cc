// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/convention_fit.h"

#include <gmock/gmock.h>

#include <list>

#include "oracles/momentum.h"
#include "oracles/subjects/declared.h"
#include "oracles/subjects/double.h"

namespace exactbn::convention_fit_test {
namespace {

using testing::IsEmpty;

Case case_of(const std::string& id, std::optional<double> momentum,
             std::int64_t m = 4) {
  Problem p;
  p.momentum = momentum;
  p.batches_tracked = 3;
  p.epsilon = 0.5;
  std::vector<double> x;
  for (std::int64_t k = 0; k < 2 * m; ++k) {
    x.push_back(static_cast<double>(k * k % 7));
  }
  const std::vector<double> of_channels = {3, -5};
  const std::vector<double> old_var = {2, 9};
  p.inputs[Input::x] = make_tensor(DType::f32, {m, 2}, x);
  p.inputs[Input::running_mean] = make_tensor(DType::f32, {2}, of_channels);
  p.inputs[Input::running_var] = make_tensor(DType::f32, {2}, old_var);
  return {id, p, {}};
}

// What a subject that behaves as `truly` declared answers to these cases.
struct Told {
  explicit Told(const Declaration& truly, const Declaration& declared = {},
                std::optional<std::size_t> broken = {}) {
    for (const double momentum : {0.25, 0.125, 1.0, 0.0}) {
      cases.push_back(case_of("m", momentum));
    }
    cases.push_back(case_of("one", 0.5, 1));
    DoubleSubject subject;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      Case read = cases[i];
      if (truly.momentum != declared.momentum) {
        read.problem = *with_other_momentum(read.problem);
      }
      answers.push_back(subject.answer(read));
      OutputTensors& outputs = answers.back().outputs;
      if (truly.running_variance == RunningVariance::biased) {
        take_biased(read.problem, outputs);
      }
      if (broken == i) outputs.at(Output::running_mean).set_bits(0, 0x41424344);
      verdicts.push_back(
          check(cases[i], declared, answers.back(), Grade::sequential));
      judged.push_back({&cases[i], &answers.back(), &verdicts.back()});
    }
    fit = fit_convention(judged, declared, Grade::sequential);
  }

  static void take_biased(const Problem& p, OutputTensors& outputs) {
    Tensor& var = outputs.at(Output::running_var);
    for (std::int64_t c = 0; c < 2; ++c) {
      const double old = p.find(Input::running_var)->value(c);
      const double batch = outputs.at(Output::var).value(c);
      const double w = *p.momentum;
      var.set_bits(c, round_to((1 - w) * old + w * batch, DType::f32));
    }
  }

  std::vector<std::string> fields() const {
    std::vector<std::string> all;
    for (const OtherConvention& other : fit.others) {
      all.push_back(other.field + '=' + other.word);
    }
    return all;
  }

  std::vector<Case> cases;
  std::list<Answer> answers;
  std::list<CaseVerdict> verdicts;
  std::vector<JudgedAnswer> judged;
  ConventionFit fit;
};

using testing::UnorderedElementsAre;

TEST(ConventionFit, IsTheDeclaredOneIfNothingFails) {
  EXPECT_THAT(Told({}).fields(), IsEmpty());
}

TEST(ConventionFit, FindsWhichStatisticMomentumMultiplies) {
  Declaration of_old;
  of_old.momentum = Momentum::weight_of_old;
  const Told told(of_old);
  EXPECT_THAT(told.fields(), UnorderedElementsAre("momentum=weight_of_old"));
  EXPECT_TRUE(told.fit.other_momentum);
  EXPECT_EQ(told.fit.declaration.momentum, Momentum::weight_of_old);
  EXPECT_THAT(Told({}, of_old).fields(),
              UnorderedElementsAre("momentum=weight_of_new"));
}

// Neither of the two conventions alone mends running_var.
TEST(ConventionFit, FindsTwoConventionsOfOneOutput) {
  Declaration keras;
  keras.momentum = Momentum::weight_of_old;
  keras.running_variance = RunningVariance::biased;
  EXPECT_THAT(Told(keras).fields(),
              UnorderedElementsAre("momentum=weight_of_old",
                                   "running_variance=biased"));
}

TEST(ConventionFit, FindsTheVarianceThatIsAveraged) {
  Declaration biased;
  biased.running_variance = RunningVariance::biased;
  EXPECT_THAT(Told(biased).fields(),
              UnorderedElementsAre("running_variance=biased"));
}

// A wrong value is no convention, and hides none.
TEST(ConventionFit, IsNotFoundInADefect) {
  EXPECT_THAT(Told({}, {}, 0).fields(), IsEmpty());
  Declaration of_old;
  of_old.momentum = Momentum::weight_of_old;
  EXPECT_THAT(Told(of_old, {}, 0).fields(),
              UnorderedElementsAre("momentum=weight_of_old"));
}

// Half of the kernels of a subject follow another convention: a defect.
TEST(ConventionFit, IsNotFoundIfItSpoilsACaseThatPasses) {
  Declaration of_old;
  of_old.momentum = Momentum::weight_of_old;
  Told told(of_old);
  DoubleSubject subject;
  told.answers.front() = subject.answer(told.cases.front());
  told.verdicts.front() =
      check(told.cases.front(), {}, told.answers.front(), Grade::sequential);
  EXPECT_THAT(fit_convention(told.judged, {}, Grade::sequential).others,
              IsEmpty());
}

TEST(ConventionFit, ReadsACumulativeAverageEitherWay) {
  ConventionFit fit;
  fit.other_momentum = true;
  const std::vector<Case> readings = fit.readings(case_of("c", std::nullopt));
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_FALSE(readings[0].problem.momentum);
  EXPECT_EQ(*readings[1].problem.momentum, 0.75);
  EXPECT_EQ(fit.readings(case_of("c", 0.25)).size(), 1U);
  EXPECT_EQ(*fit.readings(case_of("c", 0.25))[0].problem.momentum, 0.75);
}

}  // namespace
}  // namespace exactbn::convention_fit_test
