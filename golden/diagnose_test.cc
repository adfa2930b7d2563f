// SPDX-License-Identifier: Apache-2.0
// The core suite distinguishes the known defects.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "golden/suite.h"
#include "oracles/diagnose/exposure.h"
#include "oracles/subjects/double.h"
#include "oracles/zoo/textbook.h"
#include "reference/testing/trials.h"

namespace exactbn::diagnose_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Case>& suite() {
  static const std::vector<Case> cases = core_suite();
  return cases;
}

std::vector<std::string> names(const DefectExplanation& explanation) {
  std::vector<std::string> all;
  for (const Defect* defect : explanation.defects)
    all.emplace_back(defect->name);
  return all;
}

// On the whole suite every defect is diagnosed as itself alone, and explains
// all its failures bit for bit. A defect of state is compared with the
// subject's own answers, which are rounded.
TEST(DiagnosisOnTheCoreSuite, NamesEveryDefectAlone) {
  if (kSanitized) GTEST_SKIP() << "FewCasesBlameTheDefectAndPerhapsOthers runs";
  const std::span<const Defect> all = defects();
  const std::vector<Exposure> exposures = expose_defects(suite());
  ASSERT_EQ(exposures.size(), all.size());
  for (std::size_t d = 0; d < all.size(); ++d) {
    SCOPED_TRACE(all[d].name);
    const Diagnosis& diagnosis = exposures[d].diagnosis;
    EXPECT_THAT(diagnosis.unexplained, IsEmpty());
    ASSERT_EQ(diagnosis.explanations.size(), 1u);
    const DefectExplanation& explanation = diagnosis.explanations.front();
    EXPECT_THAT(names(explanation), ElementsAre(all[d].name));
    EXPECT_TRUE(explanation.exact || all[d].model.recalled);
    EXPECT_GE(explanation.explained.size(), 2u);
  }
}

// A few cases cannot distinguish all defects, but they always name the one at
// work and leave none of its failures unexplained.
TEST(DiagnosisOnTheCoreSuite, FewCasesBlameTheDefectAndPerhapsOthers) {
  constexpr std::size_t kOneIn = 8;
  std::vector<Case> few;
  for (std::size_t i = 0; i < suite().size(); i += kOneIn) {
    few.push_back(suite()[i]);
  }
  const std::span<const Defect> all = defects();
  const std::vector<Exposure> exposures = expose_defects(few);
  ASSERT_EQ(exposures.size(), all.size());
  for (std::size_t d = 0; d < all.size(); ++d) {
    SCOPED_TRACE(all[d].name);
    const auto& [failed, diagnosis] = exposures[d];
    EXPECT_THAT(diagnosis.unexplained, IsEmpty());
    if (failed.empty()) continue;
    ASSERT_EQ(diagnosis.explanations.size(), 1u);
    EXPECT_THAT(names(diagnosis.explanations.front()), Contains(all[d].name));
  }
}

// ---- Subjects that match no model.

using Kernel = std::function<OutputTensors(const Problem&)>;

Diagnosis diagnose_kernel(const Kernel& kernel, const std::vector<Case>& cases,
                          const Declaration& declaration = {}) {
  std::vector<Answer> answers(cases.size());
  std::vector<Observed> run(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    answers[i].outputs = kernel(cases[i].problem);
    Truth truth(cases[i], declaration);
    run[i] = {&cases[i],
              {&answers[i]},
              {&cases[i], &answers[i], false},
              truth.fails(answers[i].outputs)};
  }
  return diagnose(run, declaration);
}

std::vector<Case> cases_where(const std::function<bool(const Case&)>& wanted) {
  std::vector<Case> cases;
  std::copy_if(suite().begin(), suite().end(), std::back_inserter(cases),
               wanted);
  return cases;
}

OutputTensors modelled(const char* name, const Problem& problem) {
  return defect_answers(*find_defect(name), problem).front().outputs;
}

TEST(DiagnosisOnTheCoreSuite, BlamesNothingWhereNothingFails) {
  DoubleSubject sound;
  const auto kernel = [&](const Problem& problem) {
    return sound.answer({"", problem, {}}).outputs;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite(), sound.declaration());
  EXPECT_THAT(d.explanations, IsEmpty());
  EXPECT_THAT(d.unexplained, IsEmpty());
}

// It overflows where the labels say; a known defect of range explains that.
TEST(DiagnosisOnTheCoreSuite, BlamesAFloatKernelForItsRangeAlone) {
  const auto f32 = [](const Case& c) {
    return c.problem.x().dtype() == DType::f32;
  };
  const auto in_range = [&](const Case& c) {
    return f32(c) && std::none_of(c.labels.begin(), c.labels.end(),
                                  [](const std::string& label) {
                                    return label == "IntermediateOverflow" ||
                                           label == "IntermediateUnderflow" ||
                                           label == "ProductOverflow";
                                  });
  };
  EXPECT_THAT(diagnose_kernel(textbook_tensors<float>, cases_where(in_range))
                  .explanations,
              IsEmpty());
  for (const DefectExplanation& explanation :
       diagnose_kernel(textbook_tensors<float>, cases_where(f32))
           .explanations) {
    for (const Defect* defect : explanation.defects) {
      EXPECT_EQ(defect->family, "range") << defect->name;
    }
  }
}

TEST(DiagnosisOnTheCoreSuite, NamesBothOfTwoDefects) {
  const auto kernel = [](const Problem& problem) {
    return modelled(problem.operation == Operation::forward_training
                        ? "momentum_on_wrong_side"
                        : "gradient_tail_of_16",
                    problem);
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.unexplained, IsEmpty());
  ASSERT_EQ(d.explanations.size(), 2u);
  std::vector<std::string> both;
  for (const DefectExplanation& explanation : d.explanations) {
    for (const std::string& name : names(explanation)) both.push_back(name);
  }
  EXPECT_THAT(both, testing::UnorderedElementsAre("momentum_on_wrong_side",
                                                  "gradient_tail_of_16"));
}

// A defect on only one path explains fewer failures than it should.
TEST(DiagnosisOnTheCoreSuite, BlamesNoDefectThatShouldFailElsewhereToo) {
  const auto kernel = [](const Problem& problem) {
    OutputTensors answer = modelled("epsilon_outside_root", problem);
    if (problem.x().dtype() == DType::f32) return answer;
    Memory none;
    return answer_of({}, problem, Order::forward, none);
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.explanations, IsEmpty());
  EXPECT_FALSE(d.unexplained.empty());
  ASSERT_EQ(d.resembling.size(), 1u);
  const Resemblance& r = d.resembling.front();
  EXPECT_THAT(names(r.here), ElementsAre("epsilon_outside_root"));
  EXPECT_TRUE(r.here.exact);
  EXPECT_EQ(r.here.explained, d.unexplained);
  EXPECT_GT(r.elsewhere.size(), r.here.explained.size());
  EXPECT_EQ(r.only_where, "x is f32");
}

// Two properties together: sums in bf16 where the parameters are wider, and
// the channels are not adjacent.
TEST(DiagnosisOnTheCoreSuite, SaysWhereADefectOfOnePathIs) {
  const auto kernel = [](const Problem& problem) {
    const Tensor* gamma = problem.find(Input::gamma);
    const bool wide = gamma && gamma->dtype() == DType::f32;
    const bool last =
        problem.channel_axis > 1 &&
        problem.channel_axis + 1 == std::ssize(problem.x().shape());
    if (wide && !last) {
      return modelled("gradient_sums_in_format_of_x", problem);
    }
    Memory none;
    return answer_of({}, problem, Order::forward, none);
  };
  const auto bf16 = [](const Case& c) {
    return c.problem.x().dtype() == DType::bf16;
  };
  const Diagnosis d = diagnose_kernel(kernel, cases_where(bf16));
  EXPECT_THAT(d.explanations, IsEmpty());
  ASSERT_EQ(d.resembling.size(), 1u);
  const Resemblance& r = d.resembling.front();
  EXPECT_THAT(names(r.here), ElementsAre("gradient_sums_in_format_of_x"));
  EXPECT_EQ(r.only_where,
            "the channel axis is not the last and gamma is in a wider format "
            "than x");
  EXPECT_THAT(r.outputs, IsEmpty());
}

// As above, but dgamma is right.
TEST(DiagnosisOnTheCoreSuite, SaysWhichOutputMatchesADefect) {
  const auto kernel = [](const Problem& problem) {
    Memory none;
    OutputTensors answer = answer_of({}, problem, Order::forward, none);
    if (problem.operation == Operation::backward_inference) {
      answer[Output::dbeta] =
          modelled("gradient_sums_in_format_of_x", problem).at(Output::dbeta);
    }
    return answer;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.explanations, IsEmpty());
  ASSERT_EQ(d.resembling.size(), 1u);
  const Resemblance& r = d.resembling.front();
  EXPECT_THAT(names(r.here), ElementsAre("gradient_sums_in_format_of_x"));
  EXPECT_THAT(r.outputs, ElementsAre(Output::dbeta));
}

// The defect gives only infinities, which are weak evidence; a label says
// where.
TEST(DiagnosisOnTheCoreSuite, CountsALabelAsEvidence) {
  const auto kernel = [](const Problem& problem) {
    for (const Case& c : suite()) {
      const bool labelled = std::count(c.labels.begin(), c.labels.end(),
                                       "IntermediateOverflow") > 0;
      if (labelled && c.problem == problem) {
        return modelled("variance_one_pass_clamped", problem);
      }
    }
    Memory none;
    return answer_of({}, problem, Order::forward, none);
  };
  const auto forward = [](const Case& c) {
    return c.problem.x().dtype() == DType::f32 &&
           c.problem.find(Input::dy) == nullptr;
  };
  Declaration everywhere;  // some of these cases are extreme
  everywhere.domain = Domain::all;
  const Diagnosis d = diagnose_kernel(kernel, cases_where(forward), everywhere);
  EXPECT_THAT(d.explanations, IsEmpty());
  ASSERT_EQ(d.resembling.size(), 1u);
  const Resemblance& r = d.resembling.front();
  EXPECT_THAT(names(r.here), ElementsAre("variance_one_pass_clamped"));
  EXPECT_LT(r.here.evidence, 16);
  EXPECT_EQ(r.only_where, "the case is labelled IntermediateOverflow");
}

// A running variance that is biased, as the subject declares.
TEST(DiagnosisOnTheCoreSuite, ComparesTheRunningVarianceWithTheDeclaredOne) {
  Declaration biased;
  biased.running_variance = RunningVariance::biased;
  const auto running = [](const Case& c) {
    return c.problem.find(Input::running_var) != nullptr &&
           c.problem.operation == Operation::forward_training;
  };
  const auto diagnosed = [&](const Model& model, RunningVariance divisor) {
    const auto kernel = [&](const Problem& problem) {
      Memory none;
      return answer_of(model, problem, Order::forward, none, divisor);
    };
    return diagnose_kernel(kernel, cases_where(running), biased);
  };
  const Diagnosis right = diagnosed({}, RunningVariance::biased);
  EXPECT_THAT(right.unexplained, IsEmpty());
  EXPECT_THAT(right.explanations, IsEmpty());

  const Diagnosis other = diagnosed({}, RunningVariance::unbiased);
  EXPECT_THAT(other.unexplained, IsEmpty());
  ASSERT_EQ(other.explanations.size(), 1u);
  EXPECT_THAT(names(other.explanations.front()),
              ElementsAre("running_variance_biased"));
  EXPECT_TRUE(other.explanations.front().exact);

  const Diagnosis deviation =
      diagnosed(find_defect("running_variance_is_deviation")->model,
                RunningVariance::biased);
  EXPECT_THAT(deviation.unexplained, IsEmpty());
  ASSERT_EQ(deviation.explanations.size(), 1u);
  EXPECT_THAT(names(deviation.explanations.front()),
              ElementsAre("running_variance_is_deviation"));
}

// No model is wrong in this way.
TEST(DiagnosisOnTheCoreSuite, BlamesNoneForAnUnknownDefect) {
  const auto kernel = [](const Problem& problem) {
    Memory none;
    OutputTensors answer = answer_of({}, problem, Order::forward, none);
    for (auto& [name, tensor] : answer) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(tensor.value(i) * 1.25, tensor.dtype()));
      }
    }
    return answer;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.explanations, IsEmpty());
  EXPECT_GT(d.unexplained.size(), 600u);
  EXPECT_THAT(d.resembling, IsEmpty());
}

TEST(DiagnosisOnTheCoreSuite, BlamesNoneForNaNEverywhere) {
  const auto kernel = [](const Problem& problem) {
    Memory none;
    OutputTensors answer = answer_of({}, problem, Order::forward, none);
    for (auto& [name, tensor] : answer) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, format(tensor.dtype()).quiet_nan());
      }
    }
    return answer;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.explanations, IsEmpty());
  EXPECT_THAT(d.resembling, IsEmpty());
}

}  // namespace
}  // namespace exactbn::diagnose_test
