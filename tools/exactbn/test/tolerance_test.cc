// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::tolerance_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Tolerance : public ProgramTest {
 protected:
  // The JSON report of a command.
  json report(const std::string& arguments) const {
    const ProgramRun outcome =
        run("exactbn tolerance " + arguments + " --json t.json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(read("t.json"));
  }
  static json of(const json& report, const std::string& output) {
    for (const json& row : report["outputs"]) {
      if (row["output"] == output) return row;
    }
    ADD_FAILURE() << output;
    return {};
  }
};

TEST_F(Tolerance, OfOneQuestion) {
  ASSERT_EQ(
      run("exactbn ask forward_training --x '-1 1' --epsilon 3 >q").status, 0);
  const ProgramRun outcome = run("exactbn tolerance q --require faithful");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("q   1 question\n"),
                    HasSubstr("sound means faithful or better"),
                    HasSubstr("forward_training f32   y   f32   2 values"),
                    HasSubstr("  use         rtol=1e-07 atol=9.61e-09"),
                    HasSubstr("  least atol  5.97e-08   with rtol=0\n"),
                    HasSubstr("  least rtol  1.2e-07    with atol=0\n"),
                    HasSubstr("none: use eta. What accepts every sound answer "
                              "accepts 0 for 100% of the values\n")));
  const json y = of(report("q --require faithful"), "y");
  EXPECT_EQ(y["values"], 2);
  EXPECT_EQ(y["least_atol"], 5.97e-8);
  EXPECT_EQ(y["tests"].size(), 5U);
  EXPECT_EQ(y["tests"][0]["name"], "torch.assert_close");
  EXPECT_EQ(y["tests"][0]["rtol"], 1.3e-6);
  EXPECT_EQ(y["tests"][0]["refuses_sound"], 0);
}

TEST_F(Tolerance, OfAClassOfData) {
  const std::string of_class =
      "--shape 4x2x3x3 --operation forward_training,backward_training "
      "--dtype f32,bf16 --draws 20";
  const json all = report(of_class);
  EXPECT_EQ(all["schema"], "exactbn/tolerance/1");
  EXPECT_EQ(all["outputs"].size(), 18U);
  const json y = of(all, "y");
  EXPECT_EQ(y["values"], 20 * 72);
  EXPECT_EQ(y["least_rtol"], nullptr);
  EXPECT_LT(y["use"]["atol"], y["least_atol"]);
  EXPECT_EQ(all, report(of_class));
  EXPECT_NE(all, report(of_class + " --seed 7"));
}

// Other draws of the class stay within its tolerances.
TEST_F(Tolerance, AClassCoversOtherDraws) {
  const std::string of_class = "--shape 4x2x3x3 --mean 2 --std 3 ";
  const json all = report(of_class + "--draws 100");
  const json others = report(of_class + "--draws 100 --seed 1000");
  for (const json& row : all["outputs"]) {
    const json other = of(others, row["output"]);
    EXPECT_LE(static_cast<double>(other["least_atol"]) / 1.25,
              static_cast<double>(row["least_atol"]))
        << row["output"];
  }
}

// With a mean of 10^4 deviations, f32 kernels may be off by percents.
TEST_F(Tolerance, SaysWhatCustomaryTestsDo) {
  const ProgramRun outcome =
      run("exactbn tolerance --shape 8x3x5x5 --mean 1e4 --draws 8");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("8x3x5x5   channel axis 1   x "
                              "normal, mean 10000, deviation 1"),
                    HasSubstr("torch.assert_close     "
                              "rtol=1.3e-06 atol=1e-05  all values")));
  const json y = of(report("--shape 8x3x5x5 --mean 1e4 --draws 8"), "y");
  EXPECT_GT(y["least_atol"], 0.1);
  EXPECT_EQ(y["tests"][0]["refuses_sound"], y["values"]);
}

TEST_F(Tolerance, WhatHasNoBoundIsCounted) {
  ASSERT_EQ(run("exactbn ask forward_training --x '1e9 1000000064' --epsilon 0 "
                ">q")
                .status,
            0);
  EXPECT_THAT(run("exactbn tolerance q").out,
              HasSubstr("  none: use eta  2 more values are so "
                        "ill-conditioned, or so near the end of the range"));
  const json y = of(report("q"), "y");
  EXPECT_EQ(y["unbounded"], 2);
  EXPECT_EQ(y["least_atol"], nullptr);
  EXPECT_EQ(y["use"], nullptr);
}

TEST_F(Tolerance, BadUsageIsNamed) {
  write("q", small_case("a"));
  const std::pair<std::string, std::string> all[] = {
      {"", "tolerance: give QUESTIONS, or --shape for a class of data"},
      {"q --shape 2x2", "--shape: not with QUESTIONS"},
      {"--shape 2by2", "--shape: '2by2' is not a shape such as 2x3x5"},
      {"--shape 4", "--shape: 1 extents, expected 2 to 5"},
      {"--shape 4x4 --channel-axis 2",
       "--channel-axis: 2 is not an axis of 4x4"},
      {"--shape 9999999999x9999999999",
       "--shape: shape 9999999999x9999999999 has more than 2^40 elements"},
      {"--shape 2x2 --std -1",
       "--std: expected a number of at least 0, not '-1'"},
      {"--shape 2x2 --mean x", "--mean: expected a finite number, not 'x'"},
      {"--shape 2x2 --epsilon -1", "epsilon: must be finite and not negative"},
      {"--shape 2x2 --operation forward",
       "--operation: unknown operation 'forward'; expected forward_training, "
       "forward_inference, backward_training, backward_inference, "
       "jvp_training, double_backward_training"},
      {"q --require sloppy",
       "--require: unknown grade 'sloppy'; expected correct, faithful, stable, "
       "sequential"},
      {"q --epsilon 1",
       "--epsilon: only for files of tensors, or with --shape"},
      {"none", "none: No such file or directory"},
      {"q --json q", "q: cannot be written: this command reads it"},
  };
  for (const auto& [arguments, message] : all) {
    const ProgramRun outcome = run("exactbn tolerance " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
    EXPECT_EQ(outcome.err, "exactbn: " + message + "\n") << arguments;
  }
}

}  // namespace
}  // namespace exactbn::tolerance_test
