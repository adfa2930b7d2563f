// SPDX-License-Identifier: Apache-2.0
// The core suite tells the known defects apart.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "golden/core_suite.h"
#include "oracles/diagnose_defects.h"
#include "oracles/double_subject.h"
#include "oracles/output_format.h"

namespace exactbn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Case>& suite() {
  static const std::vector<Case> cases = core_suite();
  return cases;
}

std::vector<std::string> names(const Culprit& culprit) {
  std::vector<std::string> all;
  for (const Defect* defect : culprit.defects) all.emplace_back(defect->name);
  return all;
}

// Every defect, asked the whole suite, is found out as itself and nothing else,
// and explains all its failures in every bit. One of state is held against the
// subject's own answers, which are rounded.
TEST(DiagnosisOnTheCoreSuite, NamesEveryDefectAlone) {
  const std::span<const Defect> all = defects();
  const std::vector<Exposure> exposures = expose_defects(suite());
  ASSERT_EQ(exposures.size(), all.size());
  for (std::size_t d = 0; d < all.size(); ++d) {
    SCOPED_TRACE(all[d].name);
    const Diagnosis& diagnosis = exposures[d].diagnosis;
    EXPECT_THAT(diagnosis.unexplained, IsEmpty());
    ASSERT_EQ(diagnosis.culprits.size(), 1u);
    const Culprit& culprit = diagnosis.culprits.front();
    EXPECT_THAT(names(culprit), ElementsAre(all[d].name));
    EXPECT_TRUE(culprit.exact || all[d].model.recalled);
    EXPECT_GE(culprit.explained.size(), 2u);
  }
}

// ---- Subjects that are none of the models.

using Kernel = std::function<Tensors(const Problem&)>;

Diagnosis diagnose_kernel(const Kernel& kernel, const std::vector<Case>& cases,
                          const Declaration& declaration = {}) {
  std::vector<Answer> answers(cases.size());
  std::vector<Heard> run(cases.size());
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

Tensors modelled(const char* name, const Problem& problem) {
  return defect_answers(*find_defect(name), problem).front().outputs;
}

template <class Real>
Tensors textbook(const Problem& problem) {
  const Outputs<Real> all = Textbook<Real>(problem).outputs();
  Tensors tensors;
  for (const std::string_view name : output_names(problem)) {
    tensors.emplace(name,
                    to_tensor(all.at(name), output_format(problem, name),
                              output_shape(problem, name),
                              shaped_like_x(name) ? problem.channel_axis : 0));
  }
  return tensors;
}

TEST(DiagnosisOnTheCoreSuite, BlamesNothingWhereNothingFails) {
  DoubleSubject sound;
  const auto kernel = [&](const Problem& problem) {
    return sound.answer({"", problem, {}}).outputs;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite(), sound.declaration());
  EXPECT_THAT(d.culprits, IsEmpty());
  EXPECT_THAT(d.unexplained, IsEmpty());
}

// It overflows where the labels say so; that is a defect, and has a name.
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
  EXPECT_THAT(diagnose_kernel(textbook<float>, cases_where(in_range)).culprits,
              IsEmpty());
  for (const Culprit& culprit :
       diagnose_kernel(textbook<float>, cases_where(f32)).culprits) {
    for (const Defect* defect : culprit.defects) {
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
  ASSERT_EQ(d.culprits.size(), 2u);
  std::vector<std::string> both;
  for (const Culprit& culprit : d.culprits) {
    for (const std::string& name : names(culprit)) both.push_back(name);
  }
  EXPECT_THAT(both, testing::UnorderedElementsAre("momentum_on_wrong_side",
                                                  "gradient_tail_of_16"));
}

// A defect on one path only explains less than it should.
TEST(DiagnosisOnTheCoreSuite, BlamesNoneThatShouldHaveShownElsewhere) {
  const auto kernel = [](const Problem& problem) {
    Tensors answer = modelled("epsilon_outside_root", problem);
    if (problem.x().dtype() == DType::f32) return answer;
    Memory none;
    return answer_of({}, problem, Order::forward, none);
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.culprits, IsEmpty());
  EXPECT_FALSE(d.unexplained.empty());
}

// Wrong in a way of its own.
TEST(DiagnosisOnTheCoreSuite, BlamesNoneForAnUnknownDefect) {
  const auto kernel = [](const Problem& problem) {
    Memory none;
    Tensors answer = answer_of({}, problem, Order::forward, none);
    for (auto& [name, tensor] : answer) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(tensor.value(i) * 1.25, tensor.dtype()));
      }
    }
    return answer;
  };
  const Diagnosis d = diagnose_kernel(kernel, suite());
  EXPECT_THAT(d.culprits, IsEmpty());
  EXPECT_GT(d.unexplained.size(), 600u);
}

TEST(DiagnosisOnTheCoreSuite, BlamesNoneForNaNEverywhere) {
  const auto kernel = [](const Problem& problem) {
    Memory none;
    Tensors answer = answer_of({}, problem, Order::forward, none);
    for (auto& [name, tensor] : answer) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, format(tensor.dtype()).quiet_nan());
      }
    }
    return answer;
  };
  EXPECT_THAT(diagnose_kernel(kernel, suite()).culprits, IsEmpty());
}

}  // namespace
}  // namespace exactbn
