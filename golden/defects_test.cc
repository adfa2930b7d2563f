// SPDX-License-Identifier: Apache-2.0
// The core suite against every known defect.
#include "oracles/defects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "golden/suite.h"
#include "oracles/check.h"
#include "oracles/defects/truth.h"
#include "oracles/subjects/double.h"

namespace exactbn::defects_test {
namespace {

const std::vector<Case>& suite() {
  static const std::vector<Case> cases = core_suite();
  return cases;
}

TEST(CoreSuiteAgainstDefects, TheCorrectBasePasses) {
  DoubleSubject sound;
  for (const Case& c : suite()) {
    const CaseVerdict verdict =
        check(c, sound.declaration(), sound.answer(c), Grade::sequential);
    EXPECT_EQ(verdict.verdict, Verdict::passed) << c.id;
  }
}

TEST(CoreSuiteAgainstDefects, EachFailsAtLeastTwoCases) {
  const std::span<const Defect> all = defects();
  std::vector<std::unique_ptr<DefectSubject>> subjects;
  for (const Defect& defect : all) {
    subjects.push_back(std::make_unique<DefectSubject>(defect));
  }
  std::vector<int> kills(all.size());
  for (const Case& c : suite()) {
    const Kill kill(c);
#pragma omp parallel for schedule(dynamic)
    for (std::size_t d = 0; d < all.size(); ++d) {
      if (kills[d] >= 2) continue;
      kills[d] += kill(subjects[d]->answer(c), all[d].model.domain);
    }
  }
  for (std::size_t d = 0; d < all.size(); ++d) {
    EXPECT_GE(kills[d], 2) << all[d].name;
  }
}

}  // namespace
}  // namespace exactbn::defects_test
