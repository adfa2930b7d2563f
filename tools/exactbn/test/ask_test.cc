// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "oracles/wire.h"
#include "reference/arrays.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn {
namespace {

using testing::HasSubstr;

class Ask : public ProgramTest {
 protected:
  Problem problem(const std::string& arguments) const {
    const ProgramRun asked = run("exactbn ask " + arguments);
    EXPECT_EQ(asked.status, 0) << asked.err;
    return read_case(first_line(asked.out)).problem;
  }
};

TEST_F(Ask, PrintsACase) {
  const Problem p = problem(
      "forward_training --x '1 2,3 0x1p2' --shape 2x2 --eps 0x1p-3 "
      "--gamma '1 -2' --beta 0.5");
  EXPECT_EQ(p.epsilon, 0.125);
  EXPECT_EQ(p.x(),
            make_tensor(DType::f32, {2, 2}, std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(*p.find(Input::gamma),
            make_tensor(DType::f32, {2}, std::vector<double>{1, -2}));
  EXPECT_EQ(*p.find(Input::beta),
            make_tensor(DType::f32, {2}, std::vector<double>{0.5, 0.5}));
}

TEST_F(Ask, TakesTheShapeFromBracketsOrOneChannel) {
  EXPECT_EQ(
      problem("forward_training --x '[[1, 2, 3], [4, 5, 6]]'").x().shape(),
      (Shape{2, 3}));
  EXPECT_EQ(problem("forward_training --x '[1, 2, 3]'").x().shape(),
            (Shape{3, 1}));
  EXPECT_EQ(problem("forward_training --x '1 2 3'").x().shape(), (Shape{3, 1}));
}

TEST_F(Ask, RoundsToTheFormat) {
  const Problem p =
      problem("backward_training --dtype bf16 --x '1.003 2' --dy 1 --gamma 1");
  EXPECT_EQ(p.x().bits(0), 0x3f80U);
  EXPECT_EQ(p.x().dtype(), DType::bf16);
  EXPECT_EQ(p.find(Input::gamma)->dtype(), DType::f32);
  // Halfway between two f32, and a little more: rounding to f64 first would
  // lose it.
  EXPECT_EQ(problem("forward_training --x "
                    "'1.000000059604644775390625000000000001 0'")
                .x()
                .bits(0),
            0x3f800001U);
}

TEST_F(Ask, TheAnswerIsExact) {
  const ProgramRun asked = run(
      "exactbn ask forward_training --x '-1 1' --epsilon 3 --running_mean 0 "
      "--running-var 1 --momentum 0.5 --beta 0.1 --answer --convention keras");
  EXPECT_EQ(asked.status, 0) << asked.err;
  EXPECT_THAT(asked.out, HasSubstr(R"(
invstd   f32 1
  [0]       = 0.5                      0x1p-1                   3f000000
y   f32 2x1
  [0,0]     ~ -0.400000006             -0x1.99999ap-2           becccccd
  [1,0]     ~ 0.600000024              0x1.333334p-1            3f19999a
running_mean   f32 1
  [0]       = 0                        0x0p+0                   00000000
running_var   f32 1
  [0]       = 1                        0x1p+0                   3f800000
)"));
}

TEST_F(Ask, TheCaseCanBePiped) {
  const ProgramRun piped =
      run("exactbn ask double_backward_training --x '1 2 4' --dy '1 0 1' --ddx "
          "'0 0 1' --case mine | exactbn validate double --cases -");
  EXPECT_EQ(piped.status, 0) << piped.out << piped.err;
  EXPECT_THAT(piped.out, HasSubstr("1 run, 1 passed"));
}

TEST_F(Ask, BadNumbersAreNamed) {
  const std::pair<std::string, std::string> all[] = {
      {"forward",
       "OPERATION: unknown operation 'forward'; expected "
       "forward_training, forward_inference, backward_training, "
       "backward_inference, jvp_training, double_backward_training"},
      {"forward_training", "--x: missing"},
      {"forward_training --x ' '", "--x: no numbers"},
      {"forward_training --x '1 2z'",
       "--x: '2z' is not a number such as 1.5, 0x1.8p0, inf or nan"},
      {"forward_training --x '1 2' --shape 2",
       "--channel-axis: 1 is not an axis of 2"},
      {"forward_training --x '1 2' --shape 2x",
       "--shape: '2x' is not a shape such as 2x3x5"},
      {"forward_training --x '1 2' --shape 9999999999x9999999999",
       "--shape: shape 9999999999x9999999999 has more than 2^40 elements"},
      {"forward_training --x '1 2 3' --shape 2x2",
       "--x: 3 values, expected 4 of shape 2x2"},
      {"forward_training --x '[[1, 2], [3]]'",
       "--x: a list of 2 and a list of 1 at the same depth"},
      {"forward_training --x '[[1, 2], 3]'",
       "--x: numbers at different depths of brackets"},
      {"forward_training --x '[1, 2'", "--x: a bracket is not closed"},
      {"forward_training --x '1 2]'",
       "--x: a bracket is closed that was not opened"},
      {"forward_training --x '[1] [2]'", "--x: more than one list"},
      {"forward_training --x '[[[[[[1]]]]]]'",
       "--x: brackets are nested too deeply"},
      {"forward_training --x '1 1e39'", "--x: 1e39 is beyond the range of f32"},
      {"forward_training --x '1 2' --gamma '1 2'",
       "--gamma: 2 values, expected 1, one for each channel"},
      {"backward_training --x '1 2' --dy '1 2 3'",
       "--dy: 3 values, expected 1 or 2, as many as x has"},
      {"backward_training --x '1 2'", "inputs.dy: backward_training needs it"},
      {"forward_training --x '1 2' --epsilon small",
       "--epsilon: expected a finite number, not 'small'"},
      {"forward_training --x '1 2' --running_mean 1",
       "--momentum: missing, but running statistics are given"},
      {"forward_training --x '1 2' --dtype f12",
       "--dtype: unknown format 'f12'; expected f64, f32, f16, bf16, "
       "f8e4m3fn, f8e5m2"},
  };
  for (const auto& [arguments, message] : all) {
    const ProgramRun outcome = run("exactbn ask " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
    EXPECT_EQ(outcome.err, "exactbn: " + message + "\n") << arguments;
  }
}

}  // namespace
}  // namespace exactbn
