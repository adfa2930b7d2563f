// SPDX-License-Identifier: Apache-2.0
// The text that a user reads about the cause of a failure: change it with care.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::diagnosis_test {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class DiagnosisText : public ProgramTest {
 protected:
  // From the first failure on.
  std::string failure(const std::string& command) const {
    const ProgramRun outcome =
        run("exactbn validate " + command + " --errors 1");
    EXPECT_EQ(outcome.status, 1) << outcome.err;
    const std::size_t at = outcome.out.find("FAIL ");
    return at == std::string::npos ? outcome.out : outcome.out.substr(at);
  }
};

TEST_F(DiagnosisText, OfGradientsSummedInBf16) {
  EXPECT_EQ(
      failure("defect:gradient_sums_in_format_of_x --dtype bf16"),
      R"(FAIL backward_inference bf16  bwi-bf16-5dcd5e65  [WorkedExample, EpsilonZero, TwoValues]
  where  dgamma[0]   shape 2x1  channel axis 1   eps 0x0p+0
  got    -0x1.b8p-2       bedc0000   -0.4296875
  want   -0x1.b7e7cep-2   bedbf3e7   -0.429595202   correctly rounded
  error  -3.1e+03 ulp   eta 506   limit 10.8 (sequential, m = 2)
  scope  1 of 1 values of channel 0
  looks like  the gradients of beta and gamma are added up in f16 or bf16
         gradient_sums_in_format_of_x, bit for bit
  again  exactbn validate defect:gradient_sums_in_format_of_x --filter bwi-bf16-5dcd5e65

58 more failed; --errors N prints N in full

diagnosis  59 of 59 wrong: the gradients of beta and gamma are added up in f16 or bf16
           gradient_sums_in_format_of_x, bit for bit

rounding   bf16: nearest in dx, y

134 run, 75 passed, 59 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported
)");
}

TEST_F(DiagnosisText, OfAVarianceInOnePass) {
  EXPECT_EQ(
      failure("defect:variance_one_pass --filter MeanDominatesVariance "
              "--dtype f32"),
      R"(FAIL forward_training f32  fwd-f32-fbdb1293  [WorkedExample, MeanDominatesVariance]
  where  y[0,0]   shape 2x1  channel axis 1   eps 0x1.4f8b58p-17
  got    -0x1.3b3a5p+8    c39d9d28   -315.227783
  want   -0x1.fffac2p-1   bf7ffd61   -0.999960005   correctly rounded
  error  -5.27e+09 ulp   eta 8.7e+03   limit 10.8 (sequential, m = 2)
  first  var is already wrong: -8.39e+06 ulp
  scope  2 of 2 values of channel 0
  looks like  E[x^2] - mean^2 in the precision of the sums
         variance_one_pass, bit for bit
  again  exactbn validate defect:variance_one_pass --filter fwd-f32-fbdb1293

12 more failed; --errors N prints N in full

diagnosis  13 of 13 wrong: E[x^2] - mean^2 in the precision of the sums
           variance_one_pass, bit for bit

undecided  bwd-f32-b986b187: dgamma (1 value), dx (2 values): too ill-conditioned to judge
undecided  fwd-f32-adc92d18: invstd (1 value), y (2 values): too ill-conditioned to judge
undecided  bwd-f32-bea3efd2: dgamma (1 value), dx (2 values): too ill-conditioned to judge
undecided  bwd-f32-ac1371ec: dgamma (1 value), dx (2 values): too ill-conditioned to judge
undecided  bwd-f32-97d47889: dgamma (3 values), dx (180 values): too ill-conditioned to judge

18 run, 0 passed, 13 failed, 0 missing, 5 undecided, 0 beyond, 0 unsupported
)");
}

TEST_F(DiagnosisText, OfTheLastChannel) {
  EXPECT_EQ(failure("defect:last_channel_copied --filter fwd-f64-32f2461d"),
            R"(FAIL forward_training f64  fwd-f64-32f2461d  [PrimeShape]
  where  y[0,2,4,6]   shape 2x3x5x7  channel axis 1   eps 0x1.4f8b58p-17
  got    -0x1.6c8f552dcc513p-5   bfa6c8f552dcc513   -0.044501940121685866
  want   -0x1.05b53bb257c81p-1   bfe05b53bb257c81   -0.51114832450902281   correctly rounded
  error  +4.2e+15 ulp   eta 9.05e+14   limit 24.7 (sequential, m = 70)
  first  mean is already wrong: -2.43e+15 ulp
  scope  70 of 70 values of channel 2; channels 0, 1 clean
         the last channel
  looks like  the last channel has the statistics of the one before
         last_channel_copied, bit for bit
  again  exactbn validate defect:last_channel_copied --filter fwd-f64-32f2461d

fact       invstd, mean, running_mean, running_var, var, y of forward_training: x of channel 1
           matters in other channels
fact       invstd, mean, running_mean, running_var, var of forward_training: x is ignored in channel
           2
diagnosis  1 of 1 wrong: the last channel has the statistics of the one before
           last_channel_copied, bit for bit

1 run, 0 passed, 1 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported
)");
}

TEST_F(DiagnosisText, OfTheSecondCall) {
  EXPECT_EQ(
      failure("defect:gradients_accumulate --filter WorkedExample "
              "--dtype f32"),
      R"(FAIL backward_training f32  bwd-f32-d276fa43  [WorkedExample, EpsilonZero, TwoValues]
  where  dgamma[0]   shape 2x1  channel axis 1   eps 0x0p+0
  got    -0x1p+1   c0000000   -2
  want   -0x1p+0   bf800000   -1   correctly rounded
  error  -8.39e+06 ulp   eta 1.66e+06   limit 10.8 (sequential, m = 2)
  scope  1 of 1 values of channel 0
         differs from run to run
  looks like  dgamma and dbeta are added to their previous values
         gradients_accumulate, except for rounding
  again  exactbn validate defect:gradients_accumulate --filter bwd-f32-d276fa43

6 more failed; --errors N prints N in full

diagnosis  7 of 7 wrong: dgamma and dbeta are added to their previous values
           gradients_accumulate, except for rounding

16 run, 9 passed, 7 failed, 0 missing, 0 undecided, 0 beyond, 0 unsupported
)");
}

// dx is too large by a factor that depends on the place.
TEST_F(DiagnosisText, OfAnUnknownDefect) {
  std::string text = example();
  const std::string right = R"("dx": dx)";
  text.replace(text.find(right), right.size(),
               R"("dx": {i: v * (5 + i % 3) / 4 for i, v in dx.items()})");
  write("odd.py", text);
  EXPECT_EQ(
      failure("--exec 'python3 odd.py'"),
      R"(FAIL backward_training f32  bwd-f32-39c92995  [WorkedExample, MeanDominatesVariance]
  where  dx[1,0]   shape 2x1  channel axis 1   eps 0x1.4f8b58p-17
  got    0x1.b2ff9ap-13   39597fcd   0.000207423422
  want   0x1.21ffbcp-13   3910ffde   0.000138282281   correctly rounded
  error  +4.75e+06 ulp   eta 3.1e+06   limit 10.8 (sequential, m = 2)
  scope  2 of 2 values of channel 0
  looks like  no known defect
  again  exactbn validate --exec 'python3 odd.py' --filter bwd-f32-39c92995

61 more failed; --errors N prints N in full

diagnosis  62 of 62 wrong: no known defect

SMALLEST backward_training f32   dx is wrong   4 values, of bwd-f32-39c92995
  where        backward_training f32   shape 2x1   channel axis 1   eps 0x1p+0
  dy           f32 2x1   0x0p+0 0x1p+0   = 0 1
  x            f32 2x1   0x0p+0 0x0p+0   = 0 0
  want dx      f32 2x1   -0x1p-1 0x1p-1   = -0.5 0.5
  got  dx      f32 2x1   -0x1.4p-1 0x1.8p-1   = -0.625 0.75

beyond     bwd-f32-f007a20b: dx (16 values): gamma dy (x - mean) underflows f32
beyond     bwd-f32-7a568800: dx (30 values): var + epsilon overflows f32
beyond     bwd-f32-95dddae4: dx (30 values): (var + epsilon)^(-3/2) underflows f32
beyond     bwd-f32-b300eeaf: dx (30 values): (var + epsilon)^(-3/2) overflows f32

rounding   f32: nearest in dbeta, dgamma, invstd, mean, running_mean, running_var, var, y

192 run, 126 passed, 62 failed, 0 missing, 0 undecided, 4 beyond, 498 unsupported
)");
}

// Epsilon outside the root, only in the path for images with channels last.
TEST_F(DiagnosisText, OfADefectOfOnePath) {
  std::string text = example();
  const std::string right = "std = math.sqrt(var + eps)";
  const std::string last =
      "1 < case['channel_axis'] == len(case['inputs']['x']['shape']) - 1";
  const std::string wrong =
      "std = math.sqrt(var) + eps if " + last + " else math.sqrt(var + eps)";
  text.replace(text.find(right), right.size(), wrong);
  write("odd.py", text);
  EXPECT_EQ(failure("--exec 'python3 odd.py' --json r.json"),
            R"(FAIL forward_training f32  fwd-f32-780598cb  [ChannelsLast]
  where  y[1,2,4,2]   shape 2x5x7x3  channel axis 3   eps 0x1.4f8b58p-17
  got    0x1.e15aaap+1   4070ad55   3.76057935
  want   0x1.e15b56p+1   4070adab   3.76059985   correctly rounded
  error  -86.1 ulp   eta 1.32e+10   limit 24.7 (sequential, m = 70)
  first  invstd is already wrong: -77.2 ulp
  scope  209 of 210 values of channels 0, 1, 2
  looks like  sqrt(var) + epsilon, here
         epsilon_outside_root, bit for bit
         not elsewhere: 143 cases that this defect would break passed
         only where the channel axis is the last
  again  exactbn validate --exec 'python3 odd.py' --filter fwd-f32-780598cb

16 more failed; --errors N prints N in full

diagnosis  17 of 17 wrong: sqrt(var) + epsilon, here
           epsilon_outside_root, bit for bit
           not elsewhere: 143 cases that this defect would break passed
           only where the channel axis is the last
scope      forward_training fails where the channel axis is the last, and nowhere else
scope      forward_inference fails where the channel axis is the last, and nowhere else
scope      backward_training fails where the channel axis is the last, and nowhere else

SMALLEST forward_training f32   invstd is wrong   1 value, of fwd-f32-b81d16ff
  where        forward_training f32   shape 1x1x1x1   channel axis 3   eps 0x1.4f8b58p-17
  x            f32 1x1x1x1   0x0p+0   = 0
  want invstd  f32 1   0x1.3c3a5p+8   = 316.227783
  got  invstd  f32 1   0x1.86ap+16   = 100000

SMALLEST forward_inference f32   y is wrong   3 values, of inf-f32-7328e8e5
  where        forward_inference f32   shape 1x1x1   channel axis 2   eps 0x1p+0
  running_mean f32 1   0x0p+0   = 0
  running_var  f32 1   0x1p+0   = 1
  x            f32 1x1x1   0x1p+0   = 1
  want y       f32 1x1x1   0x1.6a09e6p-1   = 0.707106769
  got  y       f32 1x1x1   0x1p-1   = 0.5

SMALLEST backward_training f32   dgamma is wrong   4 values, of bwd-f32-a2d424de
  where        backward_training f32   shape 1x2x1   channel axis 2   eps 0x1p+0
  dy           f32 1x2x1   0x0p+0 0x1p+0   = 0 1
  x            f32 1x2x1   0x0p+0 0x1p+0   = 0 1
  want dgamma  f32 1   0x1.c9f25cp-2   = 0.44721359
  got  dgamma  f32 1   0x1.555556p-2   = 0.333333343
  want dx      f32 1x2x1   -0x1.6e5b7ep-2 0x1.6e5b7ep-2   = -0.35777089 0.35777089
  got  dx      f32 1x2x1   -0x1.2f684cp-2 0x1.2f684cp-2   = -0.296296299 0.296296299

rounding   f32: nearest in dbeta, dgamma, dx, invstd, mean, running_mean, running_var, var, y

conventions: 40 lines, 1 disagrees with the declaration, 0 cannot be told, 3 not offered

192 run, 175 passed, 17 failed, 0 missing, 0 undecided, 0 beyond, 498 unsupported
)");
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["smallest"].size(), 3u);
  EXPECT_EQ(report["card"]["summary"]["disagree"], 1);
  const json& diagnosis = report["diagnosis"];
  EXPECT_EQ(diagnosis["culprits"], json::array());
  ASSERT_EQ(diagnosis["resembling"].size(), 1u);
  const json& here = diagnosis["resembling"][0];
  EXPECT_EQ(here["defects"], json::array({"epsilon_outside_root"}));
  EXPECT_EQ(here["cases"], diagnosis["unexplained"]);
  EXPECT_EQ(here["outputs"], json::array());
  EXPECT_GT(here["elsewhere_not"].size(), 20u);
  EXPECT_EQ(here["fail_otherwise"], 0);
  for (const json& failure : report["failures"]) {
    EXPECT_TRUE(failure["diagnosis"].is_null());
    EXPECT_EQ(failure["diagnosis_here"], here["what"]);
  }
}

TEST_F(DiagnosisText, IsEmptyIfAllPass) {
  const ProgramRun outcome = run("exactbn validate double --dtype f16");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("diagnosis")));
}

// A subject that is right at the first call and wrong at the second.
TEST_F(DiagnosisText, OnceMakesNoSecondCall) {
  const std::string command =
      "exactbn validate defect:gradients_accumulate --filter bwd-f32-d276fa43 "
      "--json r.json";
  EXPECT_EQ(run(command).status, 1);
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["differs_between_runs"], json::array({"bwd-f32-d276fa43"}));
  EXPECT_EQ(report["failures"][0]["differs_between_runs"], true);
  EXPECT_EQ(run(command + " --once").status, 0);
}

// Two right answers that differ are not a failure.
TEST_F(DiagnosisText, DifferentRightAnswersAreCountedAndPass) {
  std::string other = small_answer("a");
  other.replace(other.find("bf3504f3"), 8, "bf3504f4");
  const auto quoted = [](std::string line) {
    line.pop_back();
    return "'" + line + "'";
  };
  write("cases", small_case("a"));
  write("subject", "echo '{\"subject\":\"s\"}'\nread -r x\necho " +
                       quoted(small_answer("a")) + "\nread -r x\necho " +
                       quoted(other) + "\n");
  const ProgramRun outcome =
      run("exactbn validate --exec 'sh subject' --cases cases");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("\n\nDIFFERS from run to run in 1 of 1 questions   "
                        "the smallest is a (2x1)\n\noperation "));
}

}  // namespace
}  // namespace exactbn::diagnosis_test
