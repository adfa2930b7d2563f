// SPDX-License-Identifier: Apache-2.0
// The card of the subject `double`, of subjects with a known defect, and of
// subjects with a wrong declaration.
#include "oracles/probe.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <set>

#include "oracles/defects.h"
#include "oracles/subjects/double.h"
#include "oracles/zoo/textbook.h"
#include "reference/draw.h"
#include "reference/rounded.h"

namespace exactbn::probe_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const CardLine& line_of(const Card& card, const std::string& id) {
  for (const CardLine& line : card.lines) {
    if (line.id == id) return line;
  }
  throw std::out_of_range("no line " + id);
}

std::set<std::string> disagreeing(const Card& card) {
  std::set<std::string> ids;
  for (const CardLine& line : card.lines) {
    if (!line.agrees) ids.insert(line.id);
  }
  return ids;
}

// Answers by a function and declares what it is given. It must never be given
// an invalid problem, or one beyond its declaration.
class Fake : public Subject {
 public:
  using Answering = std::function<Answer(const Problem&)>;
  explicit Fake(Answering answering) : answering_(std::move(answering)) {
    said.subject = "fake";
  }

  const Declaration& declaration() const override { return said; }
  Answer answer(const Case& c) override {
    EXPECT_EQ(why_unsupported(said, c.problem), std::nullopt);
    EXPECT_NO_THROW(require_valid(c.problem));
    ++asked;
    return answering_(c.problem);
  }

  Declaration said;
  int asked = 0;

 private:
  Answering answering_;
};

Answer right(const Problem& problem) {
  return DoubleSubject().answer({"", problem, {}});
}

template <class Real>
Answer in(const Problem& problem) {
  Answer answer;
  answer.outputs = textbook_tensors<Real>(problem);
  return answer;
}

TEST(Probe, TheSubjectDoubleIsWhatTheWireFormatSays) {
  DoubleSubject subject;
  const Card card = probe(subject);
  EXPECT_EQ(card.subject, "double");
  EXPECT_EQ(card.broke, 0);
  EXPECT_THAT(disagreeing(card), IsEmpty());
  const std::map<std::string, std::string> found = {
      {"operations",
       "forward_training, forward_inference, backward_training, "
       "backward_inference, jvp_training, double_backward_training"},
      {"dtypes", "f64, f32, f16, bf16, f8e4m3fn, f8e5m2"},
      {"output_dtypes",
       "parameters: dbeta, dgamma, grad_gamma, invstd, mean, running_mean, "
       "running_var, var; same: dx, grad_dy, grad_x, y, y_dot"},
      {"channel_axes", "all"},
      {"outputs_forward_training",
       "mean, var, invstd, y, running_mean, running_var"},
      {"outputs_forward_inference", "y"},
      {"outputs_backward_training", "dbeta, dgamma, dx"},
      {"outputs_backward_inference", "dbeta, dgamma, dx"},
      {"outputs_jvp_training", "y_dot"},
      {"outputs_double_backward_training", "grad_dy, grad_gamma, grad_x"},
      {"formulas", "as defined"},
      {"absent_parameters", "1 and 0"},
      {"momentum_side", "momentum"},
      {"cumulative_average", "1 / (batches_tracked + 1)"},
      {"running_variance", "unbiased"},
      {"single_value", "nan"},
      {"single_value_y", "beta"},
      {"batch_variance", "biased"},
      {"saved_mean", "the batch's"},
      {"saved_var", "biased"},
      {"saved_invstd", "1 / sqrt(var + epsilon)"},
      {"training_reads", "no"},
      {"epsilon_place", "inside the root"},
      {"epsilon_minimum", "none"},
      {"zero_variance", "nan"},
      {"zero_variance_frozen", "nan or infinity"},
      {"accumulation", "f64"},
      {"gradient_accumulation", "f64"},
      {"sum_growth", "does not grow"},
      {"variance_algorithm", "in two passes, or as accurately"},
      {"rounding", "nearest"},
      {"layout", "the same bits"},
      {"neighbours", "the same bits"},
      {"repetition", "the same bits"},
      {"memory", "the same bits"},
      {"nan_in_x", "its channel"},
      {"infinity_in_x", "its channel"},
      {"nonfinite_frozen", "its own y"},
      {"subnormal_inputs", "keep"},
      {"subnormal_outputs", "keep"},
  };
  std::map<std::string, std::string> got;
  for (const CardLine& line : card.lines) {
    got[line.id] = line.found;
    EXPECT_NE(line.title, "") << line.id;
    EXPECT_NE(line.evidence, "") << line.id;
  }
  EXPECT_EQ(got, found);
  EXPECT_EQ(got.size(), card.lines.size());
}

// The effect of a known defect on one line.
struct ExpectedLine {
  const char* defect;
  const char* id;
  const char* found;
  bool agrees = false;
};

void PrintTo(const ExpectedLine& t, std::ostream* out) { *out << t.defect; }

class Defective : public testing::TestWithParam<ExpectedLine> {};

TEST_P(Defective, IsFoundByItsLine) {
  const Defect* defect = find_defect(GetParam().defect);
  ASSERT_TRUE(defect);
  DefectSubject subject(*defect);
  const CardLine line = line_of(probe(subject), GetParam().id);
  EXPECT_EQ(line.found, GetParam().found) << line.evidence;
  EXPECT_EQ(line.agrees, GetParam().agrees);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Defective,
    testing::Values(
        ExpectedLine{"momentum_on_wrong_side", "momentum_side", "1 - momentum"},
        ExpectedLine{"momentum_always_default", "momentum_side", "always 0.1"},
        ExpectedLine{"momentum_zero_is_default", "momentum_side",
                     "momentum, but 0.1 at momentum 0"},
        ExpectedLine{"running_never_updated", "momentum_side",
                     "0: it is never updated"},
        ExpectedLine{"running_mean_replaced", "momentum_side",
                     "1: it replaces the old; of running_var momentum"},
        ExpectedLine{"running_old_not_decayed", "momentum_side",
                     "momentum, but the old keeps weight 1"},
        ExpectedLine{"running_updated_twice", "momentum_side",
                     "momentum, twice"},
        ExpectedLine{"cumulative_average_lost", "cumulative_average", "0.1"},
        ExpectedLine{"cumulative_average_off_by_one", "cumulative_average",
                     "1 / batches_tracked"},
        ExpectedLine{"running_variance_biased", "running_variance", "biased"},
        ExpectedLine{"running_variance_unbiased_twice", "running_variance",
                     "unbiased twice"},
        ExpectedLine{"running_variance_inverse_factor", "running_variance",
                     "biased, times (m - 1) / m"},
        ExpectedLine{"running_variance_holds_epsilon", "running_variance",
                     "unbiased, plus epsilon"},
        ExpectedLine{"running_variance_is_deviation", "running_variance",
                     "the unbiased deviation"},
        ExpectedLine{"unbiased_of_samples", "running_variance",
                     "biased, times N / (N - 1), N samples"},
        ExpectedLine{"unbiased_of_one_is_zero", "single_value", "takes 0"},
        ExpectedLine{"epsilon_missing", "single_value_y", "nan"},
        ExpectedLine{"variance_unbiased", "batch_variance", "unbiased"},
        ExpectedLine{"variance_not_centred", "batch_variance",
                     "the mean of x^2"},
        ExpectedLine{"running_statistics_in_training", "batch_variance",
                     "running_var"},
        ExpectedLine{"running_statistics_in_training", "training_reads",
                     "running_mean, running_var"},
        ExpectedLine{"saved_mean_is_running", "saved_mean",
                     "the new running_mean"},
        ExpectedLine{"epsilon_in_variance", "saved_var",
                     "biased, plus epsilon"},
        ExpectedLine{"saved_variance_is_deviation", "saved_var",
                     "the deviation"},
        ExpectedLine{"saved_variance_is_invstd", "saved_var", "invstd"},
        ExpectedLine{"epsilon_outside_root", "saved_invstd",
                     "1 / (sqrt(var) + epsilon)"},
        ExpectedLine{"epsilon_outside_root", "epsilon_place",
                     "outside the root"},
        ExpectedLine{"epsilon_outside_root", "epsilon_minimum",
                     "cannot be told", true},
        ExpectedLine{"epsilon_missing", "epsilon_place",
                     "left out, or far smaller"},
        ExpectedLine{"epsilon_twice", "epsilon_place", "added twice"},
        ExpectedLine{"epsilon_squared", "epsilon_place", "squared"},
        ExpectedLine{"epsilon_is_floor", "epsilon_place",
                     "a floor: max(var, epsilon)"},
        ExpectedLine{"epsilon_over_count", "epsilon_place", "divided by m"},
        ExpectedLine{"root_missing", "epsilon_place",
                     "inside, without the root"},
        ExpectedLine{"epsilon_missing_backward", "epsilon_place",
                     "inside the root; left out, or far smaller in "
                     "backward_training, backward_inference, "
                     "double_backward_training"},
        ExpectedLine{"variance_is_deviation", "epsilon_place",
                     "inside the root; inside, of the variance squared in "
                     "forward_inference, backward_inference"},
        ExpectedLine{"epsilon_clamped", "epsilon_minimum", "1e-05"},
        ExpectedLine{"epsilon_clamped_low", "epsilon_minimum", "1e-12"},
        ExpectedLine{"epsilon_missing", "epsilon_minimum", "left out"},
        ExpectedLine{"epsilon_missing_backward", "epsilon_minimum",
                     "none; left out in backward_training, backward_inference, "
                     "double_backward_training"},
        ExpectedLine{"epsilon_of_keras", "epsilon_minimum", "always 1e-03"},
        ExpectedLine{"invstd_zero_where_constant", "zero_variance", "zero"},
        ExpectedLine{"invstd_zero_where_constant", "zero_variance_frozen",
                     "beta"},
        ExpectedLine{"nan_leaks", "nan_in_x", "the whole batch"},
        ExpectedLine{"nan_leaks", "infinity_in_x", "the whole batch"},
        ExpectedLine{"nan_inputs_skipped", "nan_in_x",
                     "its channel; one value in forward_training"},
        ExpectedLine{"nan_becomes_zero", "nan_in_x", "nothing"},
        ExpectedLine{"nan_becomes_zero", "nonfinite_frozen", "nothing"},
        ExpectedLine{"subnormal_inputs_flushed", "subnormal_inputs", "flush"},
        ExpectedLine{"subnormal_results_flushed", "subnormal_outputs", "flush"},
        ExpectedLine{"f64_through_f32", "subnormal_inputs",
                     "keep; flush in f64"},
        ExpectedLine{"sums_in_format_of_x", "accumulation",
                     "wider than f64 for f64, f32; f16 for f16; bf16 for bf16"},
        ExpectedLine{"gradient_sums_in_format_of_x", "gradient_accumulation",
                     "wider than f64 for f64, f32; f16 for f16; bf16 for bf16"},
        ExpectedLine{"sum_stalls", "sum_growth", "grows with m", true},
        ExpectedLine{"variance_one_pass", "variance_algorithm",
                     "in one pass, in f32", true},
        ExpectedLine{"channels_second_assumed", "layout", "different values"},
        ExpectedLine{"statistics_per_sample", "layout", "different values"},
        ExpectedLine{"batch_statistics_in_inference", "neighbours",
                     "different values"},
        ExpectedLine{"sums_not_cleared", "repetition", "different values"},
        ExpectedLine{"running_statistics_held_inside", "repetition",
                     "different values"},
        ExpectedLine{"running_statistics_poisoned", "memory",
                     "different values"},
        ExpectedLine{"dx_without_gamma", "formulas",
                     "wrong: dx of backward_training, dx of "
                     "backward_inference"},
        ExpectedLine{"absent_beta_drops_gamma", "absent_parameters",
                     "something else, without beta"}),
    [](const auto& row) {
      return std::string(row.param.defect) + "_" + row.param.id;
    });

// Pairwise two-pass sums of floats.
TEST(Probe, DistinguishesFloatsFromDoubles) {
  Fake subject(in<float>);
  const Card card = probe(subject);
  EXPECT_EQ(line_of(card, "accumulation").found, "f32");
  EXPECT_EQ(line_of(card, "gradient_accumulation").found, "f32");
  EXPECT_EQ(line_of(card, "sum_growth").found, "does not grow");
  EXPECT_EQ(line_of(card, "variance_algorithm").found,
            "in two passes, or as accurately");
  // The declaration does not say that f64 is summed in f32.
  EXPECT_TRUE(disagreeing(card).contains("accumulation"));
  EXPECT_EQ(line_of(card, "accumulation").declared,
            "f32 or wider, f64 for f64");
}

// `right`, with y in bf16 rounded away from or toward zero, where bf16 does not
// hold the value.
Answer with_y_in_bf16(const Problem& problem,
                      const std::function<bool(double)>& away) {
  Answer answer = right(problem);
  if (problem.x().dtype() != DType::bf16) return answer;
  if (!answer.outputs.contains(Output::y)) return answer;
  const Tensor exact = rounded(ExactBatchNorm(problem), Output::y, DType::f64);
  Tensor& y = answer.outputs.at(Output::y);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const double value = exact.value(i);
    if (!y.finite(i) || y.value(i) == value) continue;
    const bool is_away = std::fabs(y.value(i)) > std::fabs(value);
    const std::uint64_t toward_zero = y.bits(i) - (is_away ? 1 : 0);
    y.set_bits(i, toward_zero + (away(value) ? 1 : 0));
  }
  return answer;
}

TEST(Probe, TellsTheRoundingOfShortFormats) {
  Draw draw(1);
  const std::map<std::string, std::function<bool(double)>> roundings = {
      {"toward zero", [](double) { return false; }},
      {"away", [](double) { return true; }},
      {"up", [](double value) { return value > 0; }},
      {"down", [](double value) { return value < 0; }},
      {"stochastic", [&](double) { return draw.below(2) == 0; }},
      {"something else",
       [](double value) { return std::fabs(value) < 1 + 0x1p-8; }}};
  for (const auto& [name, away] : roundings) {
    Fake subject([&, away = away](const Problem& problem) {
      return with_y_in_bf16(problem, away);
    });
    const CardLine line = line_of(probe(subject), "rounding");
    EXPECT_EQ(line.found, "nearest; " + name + " in bf16");
    EXPECT_FALSE(line.agrees);
    EXPECT_THAT(line.evidence,
                HasSubstr("bf16: 1 + {9, 11, 13, 15}/8 ulp are"));
  }
}

TEST(Probe, ADeclaredRoundingAgrees) {
  Fake subject([](const Problem& problem) {
    return with_y_in_bf16(problem, [](double) { return false; });
  });
  subject.said.dtypes = {DType::f32, DType::bf16};
  subject.said.rounding = StoreRounding::toward_zero;
  const CardLine line = line_of(probe(subject), "rounding");
  EXPECT_EQ(line.declared, "toward zero");
  EXPECT_EQ(line.found, "toward zero");
  EXPECT_TRUE(line.agrees);
  subject.said.dtypes = {DType::f32};
  EXPECT_EQ(line_of(probe(subject), "rounding").found, kNotOffered);
}

// Welford's updates, and E[x^2] - mean^2 in doubles.
class Algorithm : public testing::Test {
 protected:
  template <class Statistics>
  static std::string found(const Statistics& statistics) {
    Fake subject([&](const Problem& problem) {
      Answer answer = right(problem);
      if (problem.operation != Operation::forward_training) return answer;
      Tensor& var = answer.outputs.at(Output::var);
      const ChannelView view = problem.view();
      for (std::int64_t c = 0; c < view.channels; ++c) {
        std::vector<double> x;
        for (std::int64_t k = 0; k < view.count(); ++k) {
          x.push_back(problem.x().value(view.offset(c, k)));
        }
        var.set_bits(c, round_to(statistics(x), var.dtype()));
      }
      return answer;
    });
    return line_of(probe(subject), "variance_algorithm").found;
  }
};

TEST_F(Algorithm, OnePassInDoublesIsFound) {
  EXPECT_EQ(found([](const std::vector<double>& x) {
              double sum = 0;
              double squares = 0;
              for (const double v : x) {
                sum += v;
                squares += v * v;
              }
              const auto m = static_cast<double>(x.size());
              return squares / m - (sum / m) * (sum / m);
            }),
            "in one pass, in f64");
}

TEST_F(Algorithm, ARunningMeanOfFloatsIsFound) {
  EXPECT_EQ(found([](const std::vector<double>& x) {
              float mean = 0;
              float m2 = 0;
              float n = 0;
              for (const double v : x) {
                const auto value = static_cast<float>(v);
                const float d = value - mean;
                mean += d / ++n;
                m2 += d * (value - mean);
              }
              return static_cast<double>(m2 / n);
            }),
            "by a running mean in f32");
}

// A wrong declaration, and the lines that reveal it.
struct Claim {
  const char* id;
  void (*claim)(Declaration& declaration);
  std::set<std::string> also = {};
};

void PrintTo(const Claim& claim, std::ostream* out) { *out << claim.id; }

class WrongClaim : public testing::TestWithParam<Claim> {};

TEST_P(WrongClaim, IsNoticed) {
  // Supports f32 and both forward operations, channels at axis 1.
  Fake subject([](const Problem& problem) {
    Answer answer = right(problem);
    const bool done = problem.x().dtype() == DType::f32 &&
                      problem.channel_axis == 1 &&
                      (problem.operation == Operation::forward_training ||
                       problem.operation == Operation::forward_inference);
    if (!done) {
      answer = {};
      answer.kind = Answer::Kind::unsupported;
      answer.message = "not done";
    }
    answer.outputs.erase(Output::invstd);
    return answer;
  });
  subject.said.operations = {Operation::forward_training,
                             Operation::forward_inference};
  subject.said.dtypes = {DType::f32};
  subject.said.channel_axes = {"1"};
  subject.said.outputs[Operation::forward_training] = {
      Output::y, Output::mean, Output::var, Output::running_mean,
      Output::running_var};
  subject.said.accumulation = DType::f64;
  EXPECT_THAT(disagreeing(probe(subject)), IsEmpty());
  GetParam().claim(subject.said);
  std::set<std::string> expected = GetParam().also;
  expected.insert(GetParam().id);
  EXPECT_EQ(disagreeing(probe(subject)), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongClaim,
    testing::Values(
        Claim{"operations",
              [](Declaration& d) {
                d.operations.push_back(Operation::jvp_training);
              }},
        Claim{"dtypes", [](Declaration& d) { d.dtypes.push_back(DType::f16); }},
        Claim{"channel_axes",
              [](Declaration& d) { d.channel_axes.emplace_back("last"); }},
        Claim{"outputs_forward_training",
              [](Declaration& d) {
                d.outputs[Operation::forward_training].emplace_back(
                    Output::invstd);
              }},
        Claim{"running_variance",
              [](Declaration& d) {
                d.running_variance = RunningVariance::biased;
              },
              // The biased variance of one value would be a number.
              {"single_value"}},
        Claim{"single_value",
              [](Declaration& d) { d.single_value = SingleValue::keep; }},
        Claim{"zero_variance",
              [](Declaration& d) { d.zero_variance = ZeroVariance::zero; }},
        Claim{"accumulation",
              [](Declaration& d) { d.accumulation = DType::f32; }}),
    [](const auto& row) { return row.param.id; });

// A subject that declares `flush` may keep some subnormals, but not all.
TEST(Probe, ADeclaredFlushThatNeverHappensIsNoticed) {
  Fake subject(right);
  subject.said.subnormals = Subnormals::flush;
  EXPECT_THAT(disagreeing(probe(subject)),
              UnorderedElementsAre("subnormal_inputs", "subnormal_outputs"));
  const Defect* defect = find_defect("subnormal_results_flushed");
  Fake flushing([&](const Problem& problem) {
    return defect_answers(*defect, problem).front();
  });
  flushing.said.subnormals = Subnormals::flush;
  EXPECT_THAT(disagreeing(probe(flushing)), IsEmpty());
}

TEST(Probe, ARejectionIsAConvention) {
  Fake subject([](const Problem& problem) {
    if (problem.view().count() > 1) return right(problem);
    Answer answer;
    answer.kind = Answer::Kind::rejected;
    answer.message = "one value";
    return answer;
  });
  const Card card = probe(subject);
  EXPECT_EQ(line_of(card, "single_value").found, "reject");
  EXPECT_THAT(disagreeing(card),
              UnorderedElementsAre("single_value", "single_value_y"));
  subject.said.single_value = SingleValue::reject;
  EXPECT_THAT(disagreeing(probe(subject)), IsEmpty());
}

// Inference only, output y only.
TEST(Probe, WhatIsNotOfferedDisagreesWithNothing) {
  Fake subject(right);
  subject.said.operations = {Operation::forward_inference};
  const Card card = probe(subject);
  EXPECT_THAT(disagreeing(card), IsEmpty());
  for (const char* id : {"momentum_side", "running_variance", "single_value",
                         "saved_var", "nan_in_x", "accumulation",
                         "outputs_jvp_training", "variance_algorithm"}) {
    EXPECT_EQ(line_of(card, id).found, kNotOffered) << id;
  }
  EXPECT_EQ(line_of(card, "epsilon_place").found, "inside the root");
}

TEST(Probe, FindsAnEpsilonThatIsLost) {
  Fake subject([](const Problem& problem) {
    Problem other = problem;
    other.epsilon =
        to_double(round_to(problem.epsilon, DType::f16), DType::f16);
    return right(other);
  });
  const CardLine line = line_of(probe(subject), "epsilon_minimum");
  EXPECT_EQ(line.found, "lost if too small");
  EXPECT_THAT(line.evidence,
              HasSubstr("as requested down to 2^-24; smallest request 2^-80"));
}

TEST(Probe, FindsTheOtherSideOfACumulativeAverage) {
  Fake subject([](const Problem& problem) {
    Problem other = problem;
    const auto n = static_cast<double>(problem.batches_tracked);
    if (!problem.momentum) other.momentum = n / (n + 1);
    return right(other);
  });
  const Card card = probe(subject);
  EXPECT_EQ(line_of(card, "cumulative_average").found,
            "batches_tracked / (batches_tracked + 1)");
  EXPECT_THAT(disagreeing(card), UnorderedElementsAre("cumulative_average"));
}

bool holds_nan(const Problem& problem) { return !problem.x().all_finite(); }

TEST(Probe, ACrashCostsOnlyItsLine) {
  Fake subject([](const Problem& problem) {
    if (holds_nan(problem)) throw SubjectFailure("died by signal 11");
    return right(problem);
  });
  const Card card = probe(subject);
  std::set<std::string> lost;
  for (const CardLine& line : card.lines) {
    if (line.found != kCannotTell) continue;
    lost.insert(line.id);
    EXPECT_EQ(line.evidence, "died by signal 11");
  }
  EXPECT_THAT(lost, UnorderedElementsAre("memory", "nan_in_x", "infinity_in_x",
                                         "nonfinite_frozen"));
  EXPECT_EQ(card.broke, 4);
  EXPECT_THAT(disagreeing(card), IsEmpty());
}

TEST(Probe, ASubjectThatAlwaysBreaksIsNotAskedAgain) {
  Fake subject(
      [](const Problem&) -> Answer { throw SubjectFailure("gave no answer"); });
  const Card card = probe(subject);
  EXPECT_EQ(subject.asked, kMostProbeBreaks);
  EXPECT_EQ(card.broke, kMostProbeBreaks);
  EXPECT_EQ(line_of(card, "operations").found, "none");
  EXPECT_EQ(line_of(card, "epsilon_place").found, kNotOffered);
  EXPECT_THAT(line_of(card, "momentum_side").evidence,
              HasSubstr("gave no answer"));
}

}  // namespace
}  // namespace exactbn::probe_test
