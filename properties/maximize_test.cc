// SPDX-License-Identifier: Apache-2.0
#include "properties/maximize.h"

#include <gtest/gtest.h>
#include <omp.h>

#include "oracles/defects.h"
#include "oracles/subjects/double.h"
#include "properties/maximize/mutation.h"
#include "reference/testing/trials.h"

namespace exactbn::maximize_test {
namespace {

Request request(std::uint64_t cases) {
  Request r;
  r.seed = 2;
  r.cases = cases;
  r.draw.profile = Profile::small;
  return r;
}

Goal goal(std::string_view text) { return std::get<Goal>(parse_goal(text)); }

Source one_pass() {
  const Defect* defect = find_defect("variance_not_centred");
  return {[defect] { return std::make_unique<DefectSubject>(*defect); }};
}

// E[x^2] - E[x]^2: eta grows with what cancels.
TEST(Maximize, FindsMoreThanDrawingAlone) {
  // Fewer cases find no bad enough start to climb from.
  const Request r = request(450);
  for (const char* text : {"y.eta", "y.ulp"}) {
    const Maximum maximum = maximize(one_pass(), r, goal(text));
    EXPECT_EQ(maximum.tried, r.cases);
    EXPECT_GT(maximum.value, maximum.drawn) << text;
    EXPECT_GT(maximum.improvements, 0u);
    // The same number of cases, only drawn.
    Request drawn = r;
    drawn.cases = 3 * r.cases;
    const Maximum all = maximize(one_pass(), drawn, goal(text));
    EXPECT_GT(maximum.value, all.drawn) << text;

    const Judge judge(maximum.problem, maximum.declaration);
    Output output = goal(text).output;
    const Tensor& got = maximum.answer.outputs.at(output);
    const Judgement j =
        judge(output, maximum.index, got.bits(maximum.index), got.dtype());
    EXPECT_EQ(maximum.value,
              text == std::string_view("y.ulp") ? std::fabs(j.ulp) : j.eta);
  }
}

TEST(Maximize, IsTheSameWithAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  const auto run = [&](int n) {
    omp_set_num_threads(n);
    return maximize({[] { return std::make_unique<DoubleSubject>(); }},
                    request(300), goal("dx.ulp"));
  };
  const Maximum one = run(1);
  const Maximum three = run(3);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.problem, three.problem);
  EXPECT_EQ(one.value, three.value);
  EXPECT_EQ(one.index, three.index);
  EXPECT_GE(one.value, one.drawn);
}

TEST(Maximize, StopsWhenInterrupted) {
  Request r = request(1'000'000);
  int asked = 0;
  r.interrupted = [&] { return ++asked > 3; };
  const Maximum maximum = maximize(one_pass(), r, goal("y.eta"));
  EXPECT_TRUE(maximum.interrupted);
  EXPECT_LT(maximum.tried, 1000u);
}

TEST(Maximize, RefusesWhatIsNotAGoal) {
  const auto why = [](std::string_view text) {
    return std::get<std::string>(parse_goal(text));
  };
  EXPECT_EQ(why("z.eta").substr(0, 19), "unknown output 'z';");
  EXPECT_EQ(why("").substr(0, 18), "unknown output '';");
  EXPECT_EQ(why("y.rtol"),
            "unknown measure 'rtol'; expected eta or ulp, as in y.eta");
  EXPECT_EQ(why("y"), "unknown measure ''; expected eta or ulp, as in y.eta");
  EXPECT_EQ(to_string(goal("grad_x.ulp")), "grad_x.ulp");
}

TEST(Mutated, IsValidAndDifferent) {
  Draw draw(1);
  int same = 0;
  for (std::uint64_t i = 0; i < trials(2000); ++i) {
    const Problem p = draw_case({Profile::small, {}, {}}, 9, i).problem;
    const Problem q = mutated(draw, p, 256);
    EXPECT_NO_THROW(require_valid(q));
    EXPECT_LE(q.x().size(), std::max<std::int64_t>(256, p.x().size()));
    same += q == p ? 1 : 0;
  }
  EXPECT_LT(same, trials(2000) / 4);
}

}  // namespace
}  // namespace exactbn::maximize_test
