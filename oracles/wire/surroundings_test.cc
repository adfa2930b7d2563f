// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/surroundings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oracles/wire.h"

namespace exactbn::surroundings_test {
namespace {

TEST(Surroundings, AreALine) {
  const Surroundings all{.past = 1, .apart = 2, .held = 0xa5, .kept = 3};
  EXPECT_EQ(write_surroundings(all),
            R"({"surroundings":{"past":1,"apart":2,"held":165,"kept":3}})");
  for (const Surroundings& s :
       {Surroundings{}, all, {.held = 0}, {.kept = 0}}) {
    EXPECT_EQ(read_surroundings(write_surroundings(s)), s);
  }
  EXPECT_EQ(read_surroundings(R"({"surroundings":{}})"), Surroundings{});
}

TEST(Surroundings, ACaseIsNotALineOfSurroundings) {
  Case c{"a", {}, {}};
  c.problem.momentum = 0.125;
  c.problem.inputs.emplace(Input::x, Tensor(DType::f64, {2, 3}));
  EXPECT_EQ(read_surroundings(write_case(c)), std::nullopt);
}

TEST(Surroundings, BadLinesAreRefused) {
  for (const auto& [line, why] :
       {std::pair{R"({"surroundings":3})", "surroundings: number, expected"},
        {R"({"surroundings":{"pest":1}})", "pest: unknown field"},
        {R"({"surroundings":{"past":-1}})", "past: -1 is out of range"},
        {R"({"surroundings":{"held":256}})", "held: 256 is out of range"},
        {R"({"surroundings":{"kept":0.5}})", "kept: number, expected"},
        {R"({"surroundings":{}},"case":"a"})", "JSON"},
        {R"({"surroundings":{})", "ends too early"}}) {
    try {
      read_surroundings(line);
      ADD_FAILURE() << line;
    } catch (const WireError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(why)) << line;
    }
  }
}

}  // namespace
}  // namespace exactbn::surroundings_test
