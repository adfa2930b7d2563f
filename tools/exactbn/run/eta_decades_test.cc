// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/eta_decades.h"

#include <gtest/gtest.h>

#include <limits>

namespace exactbn::eta_decades_test {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A case of one output, of m values.
CaseRun judged(const Case& question, double kappa, double eta) {
  CaseRun c;
  c.question = &question;
  OutputVerdict out;
  out.output = Output::y;
  out.max_eta = eta;
  c.verdict.outputs.push_back(out);
  UlpHistogram ulps;
  ulps.off[0] = 1;
  c.ulps.push_back(ulps);
  c.kappas.push_back(kappa);
  return c;
}

Case of_values(std::int64_t m) {
  Case c;
  c.problem.inputs.emplace(Input::x, Tensor(DType::f32, {m, 1}));
  return c;
}

TEST(EtaDecades, HaveTheWorstOfEach) {
  const Case few = of_values(9);
  const Case many = of_values(10);
  exactbn::Run run;
  run.cases = {judged(few, 0.1, 1),   judged(few, 9.99, 3),
               judged(few, 10, 5),    judged(many, 1e3, 7),
               judged(many, 1e30, 2), judged(many, kNone, 100)};
  CaseRun undecided = judged(many, 1e3, 1000);
  undecided.ulps[0] = UlpHistogram();
  run.cases.push_back(undecided);

  const auto by_kappa = eta_by_kappa(run);
  ASSERT_EQ(by_kappa.size(), 4u);
  EXPECT_EQ(by_kappa[0].from(), "1");
  EXPECT_EQ(by_kappa[0].outputs, 2);
  EXPECT_EQ(by_kappa[0].eta, 3);
  EXPECT_EQ(by_kappa[0].worst, &run.cases[1]);
  EXPECT_EQ(by_kappa[1].from(), "10");
  EXPECT_EQ(by_kappa[1].eta, 5);
  EXPECT_EQ(by_kappa[2].from(), "1e3");
  EXPECT_EQ(by_kappa[2].eta, 7);
  EXPECT_EQ(by_kappa[3].from(), "1e6");  // and above
  EXPECT_EQ(by_kappa[3].eta, 2);

  const auto by_m = eta_by_m(run);
  ASSERT_EQ(by_m.size(), 2u);
  EXPECT_EQ(by_m[0].from(), "1");
  EXPECT_EQ(by_m[0].eta, 5);
  EXPECT_EQ(by_m[1].from(), "10");
  EXPECT_EQ(by_m[1].eta, 100);
}

}  // namespace
}  // namespace exactbn::eta_decades_test
