// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "oracles/explain/case_rules.h"

namespace exactbn::failing_cases_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Case of(const Shape& shape, int channel_axis = 1, DType dtype = DType::f32) {
  Case c;
  c.problem.channel_axis = channel_axis;
  c.problem.inputs[Input::x] = Tensor(dtype, shape);
  return c;
}

TEST(FailingCases, OfOneLayout) {
  const Case first = of({2, 3, 4});
  const Case last = of({2, 4, 3}, 2);
  EXPECT_THAT(
      failing_cases(std::vector<JudgedCase>{{&first, false}, {&last, true}}),
      ElementsAre("forward_training fails where the channel axis is "
                  "the last, and nowhere else"));
}

TEST(FailingCases, OfOneFormat) {
  const Case f32 = of({2, 3, 4});
  const Case bf16 = of({2, 3, 4}, 1, DType::bf16);
  EXPECT_THAT(
      failing_cases(std::vector<JudgedCase>{{&f32, false}, {&bf16, true}}),
      ElementsAre("forward_training fails where x is bf16, and nowhere "
                  "else"));
}

TEST(FailingCases, BeyondASize) {
  const Case small = of({2, 3, 4});
  const Case large = of({2, 3, 40});
  EXPECT_THAT(
      failing_cases(std::vector<JudgedCase>{{&small, false}, {&large, true}}),
      ElementsAre("forward_training fails where m is 80 or more, and nowhere "
                  "else"));
}

TEST(FailingCases, OfNegativeGamma) {
  Case negative = of({2, 1});
  negative.problem.inputs[Input::gamma] =
      make_tensor(DType::f32, {1}, std::vector{-2.});
  const Case absent = of({2, 1});
  EXPECT_THAT(
      failing_cases(
          std::vector<JudgedCase>{{&absent, false}, {&negative, true}}),
      ElementsAre("forward_training fails where gamma is negative, and nowhere "
                  "else"));
}

TEST(FailingCases, AreEmptyIfNoRuleHolds) {
  const Case a = of({2, 3, 4});
  const Case b = of({2, 3, 40});
  const Case c = of({2, 3, 400});
  EXPECT_THAT(failing_cases(
                  std::vector<JudgedCase>{{&a, true}, {&b, false}, {&c, true}}),
              IsEmpty());
  EXPECT_THAT(failing_cases(std::vector<JudgedCase>{{&a, true}, {&b, true}}),
              IsEmpty());
}

}  // namespace
}  // namespace exactbn::failing_cases_test
