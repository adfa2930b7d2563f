// SPDX-License-Identifier: Apache-2.0
// What the challenge promises: hacks are caught, sound kernels get full marks.
#include "tools/exactbn/challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/vector/sha256.h"
#include "oracles/hacks.h"
#include "oracles/judge/domain.h"
#include "oracles/subjects/double.h"
#include "oracles/zoo/subject.h"
#include "reference/testing/trials.h"
#include "tools/exactbn/challenge/transcript.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn::challenge_test {
namespace {

using testing::HasSubstr;

// Makes subjects, since failed questions are asked of a fresh one.
using Make = std::function<std::unique_ptr<Subject>()>;

// Asks all questions, or, if `stops`, until the first one without credit.
ChallengeMarks marks_of(const Make& make, std::uint64_t seed,
                        const ChallengeSettings& settings, bool stops,
                        std::string* transcript = nullptr) {
  std::unique_ptr<Subject> subject = make();
  Challenge challenge(seed, settings, subject->declaration());
  Transcript written(commitment_to(seed, "0"), challenge);
  std::optional<ChallengedSubject> asked(*subject);
  bool is_fresh = false;
  while (const ChallengeQuestion* const question = challenge.next()) {
    if (question->is_again && !is_fresh) {
      is_fresh = true;
      subject = make();
      asked.emplace(*subject);
    }
    const Answer answer = asked->answer(*question);
    const ChallengeVerdict verdict = challenge.judge(answer);
    written.add(*question, verdict, &answer);
    challenge.add(verdict, &answer);
    if (stops && verdict.verdict != Verdict::passed) break;
  }
  challenge.finish();
  written.finish(seed, "0", challenge.marks());
  if (transcript) *transcript = written.text();
  return challenge.marks();
}

Make hack_of(const Hack& hack) {
  return [&hack] { return std::make_unique<HackSubject>(hack); };
}

std::unique_ptr<Subject> make_double() {
  return std::make_unique<DoubleSubject>();
}

// The first question without credit.
std::string first_failure(const ChallengeMarks& marks) {
  std::string text = marks.disqualified;
  for (const PaperMarks& paper : marks.papers) {
    for (const std::string& biased : paper.biased) text += biased + '\n';
    for (const FamilyMarks& of : paper.families) {
      if (of.full()) continue;
      text += std::string(to_string(paper.paper.operation)) + ' ' +
              std::string(of.family->name) + ": " + of.where + ": " + of.why +
              '\n';
    }
  }
  return text;
}

void expect_caught(std::uint64_t first, std::uint64_t seeds) {
  for (const Hack& hack : hacks()) {
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
      const ChallengeMarks marks = marks_of(hack_of(hack), seed, {}, true);
      EXPECT_FALSE(marks.full()) << hack.name << ", seed " << seed;
    }
  }
}

TEST(Challenge, CatchesEveryHack) {
  expect_caught(7, static_cast<std::uint64_t>(trials(2)));
}

// Takes minutes.
TEST(Challenge, DISABLED_CatchesEveryHackFor100Seeds) {
  expect_caught(1000, 100);
}

void expect_full(const Make& make, std::uint64_t seed,
                 const ChallengeSettings& settings) {
  const ChallengeMarks marks = marks_of(make, seed, settings, false);
  EXPECT_TRUE(marks.full())
      << make()->declaration().subject << ", seed " << seed << "\n"
      << first_failure(marks);
  EXPECT_EQ(marks.score(), 1);
}

// The sound algorithms, but for those whose long sums stall where many values
// are equal (zoo::stalls), in the formats that they take.
template <class W>
void expect_sound_full(std::uint64_t first, std::uint64_t seeds,
                       const ChallengeSettings& settings) {
  const auto statistics = zoo::sound_statistics<W>();
  for (std::size_t k = 0; k < statistics.size(); ++k) {
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
      const zoo::Algorithm algorithm = {
          k, k + seed, zoo::kOrders[(k + seed) % zoo::kOrders.size()]};
      const ChallengeMarks marks = marks_of(
          [&] { return std::make_unique<zoo::SoundSubject<W>>(algorithm); },
          seed, settings, false);
      EXPECT_TRUE(marks.full())
          << statistics[k].name << ", order " << zoo::name_of(algorithm.order)
          << ", seed " << seed << "\n"
          << first_failure(marks);
    }
  }
}

ChallengeSettings few() {
  ChallengeSettings settings;
  settings.cases = 3;
  settings.large = 1 << 13;
  return settings;
}

TEST(Challenge, SoundKernelsGetFullMarks) {
  expect_full(make_double, 1, few());
  ChallengeSettings settings = few();
  settings.dtypes = {DType::f32, DType::bf16};
  expect_sound_full<float>(1, 1, settings);
  settings.dtypes = {DType::f64};
  expect_sound_full<double>(1, 1, settings);
}

// Each of these takes a quarter of an hour and more.
TEST(Challenge, DISABLED_DoubleGetsFullMarksFor100Seeds) {
  ChallengeSettings settings;
  settings.dtypes = {DType::f32, DType::bf16};
  for (std::uint64_t seed = 1000; seed < 1100; ++seed) {
    expect_full(make_double, seed, settings);
  }
}

TEST(Challenge, DISABLED_SoundAlgorithmsInF32GetFullMarksFor100Seeds) {
  ChallengeSettings settings;
  settings.dtypes = {DType::f32};
  expect_sound_full<float>(1000, 100, settings);
}

TEST(Challenge, DISABLED_SoundAlgorithmsInShortFormatsGetFullMarks) {
  ChallengeSettings settings;
  settings.dtypes = {DType::f16, DType::bf16, DType::f8e4m3fn, DType::f8e5m2};
  expect_sound_full<float>(1000, 20, settings);
}

TEST(Challenge, DISABLED_SoundAlgorithmsInF64GetFullMarksFor100Seeds) {
  ChallengeSettings settings;
  settings.dtypes = {DType::f64};
  expect_sound_full<double>(1000, 100, settings);
}

// Every question is ordinary and surely judged, without a second draw too many.
TEST(Challenge, AsksNothingExtreme) {
  for (const DType dtype : {DType::f32, DType::f16, DType::f8e4m3fn}) {
    DoubleSubject subject;
    ChallengeSettings settings = few();
    settings.cases = 2;
    settings.dtypes = {dtype};
    Challenge challenge(1, settings, subject.declaration());
    while (const ChallengeQuestion* const question = challenge.next()) {
      const Problem& p = question->asked.problem;
      require_valid(p);
      if (!question->family->is_large) {
        const Judge judge(p, subject.declaration());
        for (const Output output : output_names(p)) {
          for (std::int64_t c = 0; c < p.view().channels; ++c) {
            if (!judge.exact().inputs_finite(c)) continue;  // NaN
            EXPECT_FALSE(judge.bound_is_void(output, c))
                << question->family->name << ' ' << format(p.x().dtype()).name;
            EXPECT_EQ(why_extreme(judge, output, c), "")
                << question->family->name;
          }
        }
      }
      const Answer answer = subject.answer(question->asked);
      challenge.add(challenge.judge(answer), &answer);
    }
  }
}

// The questions of a seed are the same for every kernel that answers right.
TEST(Challenge, OfASeedIsTheSame) {
  std::string once;
  std::string twice;
  std::string other;
  ChallengeSettings settings = few();
  settings.operations = {Operation::backward_training};
  settings.dtypes = {DType::f32};
  marks_of(make_double, 5, settings, false, &once);
  marks_of(make_double, 5, settings, false, &twice);
  marks_of(make_double, 6, settings, false, &other);
  EXPECT_EQ(once, twice);
  EXPECT_NE(once, other);
  // Whatever the platform and the compiler: who changes what is drawn changes
  // the number of the scheme in committed_text, too.
  DoubleSubject subject;
  Challenge challenge(5, settings, subject.declaration());
  std::string digests;
  while (const ChallengeQuestion* const question = challenge.next()) {
    digests += digest_of(question->asked.problem);
    challenge.add({}, nullptr);
  }
  EXPECT_EQ(sha256(digests).substr(0, 16), "3d0cc896205b678c");
}

TEST(Challenge, NoCreditForWhatIsNotDeclared) {
  ChallengeSettings settings = few();
  settings.operations = {Operation::forward_training,
                         Operation::backward_training};
  const auto make = [] {
    class Half : public DoubleSubject {
     public:
      Half() {
        declaration_ = DoubleSubject::declaration();
        declaration_.operations = {Operation::forward_training};
        declaration_.dtypes = {DType::f32};
      }
      const Declaration& declaration() const override { return declaration_; }

     private:
      Declaration declaration_;
    };
    return std::make_unique<Half>();
  };
  const ChallengeMarks marks = marks_of(make, 1, settings, false);
  EXPECT_EQ(marks.score(), 0.5);
  EXPECT_FALSE(marks.full());
  ASSERT_EQ(marks.papers.size(), 2u);
  EXPECT_EQ(marks.papers[1].score(), 0);
}

// A subject that refuses what it declares gets no credit for that.
class Refuses : public DoubleSubject {
 public:
  Answer answer(const Case& c) override {
    if (c.problem.epsilon > 0.01) {
      return {Answer::Kind::unsupported, "a large epsilon", {}};
    }
    return DoubleSubject::answer(c);
  }
};

TEST(Challenge, NoCreditForWhatIsRefused) {
  ChallengeSettings settings = few();
  settings.operations = {Operation::forward_inference};
  settings.dtypes = {DType::f32};
  settings.cases = 16;
  const ChallengeMarks marks =
      marks_of([] { return std::make_unique<Refuses>(); }, 1, settings, false);
  EXPECT_FALSE(marks.full());
  EXPECT_LT(marks.score(), 1);
  EXPECT_THAT(first_failure(marks), HasSubstr("a large epsilon"));
}

// What depends on earlier calls is no answer to a question.
TEST(Challenge, WhatIsNoFunctionOfItsInputsIsDisqualified) {
  for (const char* name :
       {"memoised_by_shape", "every_7th_call_skipped", "writes_y_to_x"}) {
    const ChallengeMarks marks =
        marks_of(hack_of(*find_hack(name)), 3, few(), false);
    EXPECT_NE(marks.disqualified, "") << name;
    EXPECT_EQ(marks.score(), 0) << name;
  }
}

// A mistake in a formula is a mistake, and the rest counts.
TEST(Challenge, AMistakeCostsItsFamilies) {
  const ChallengeMarks marks =
      marks_of(hack_of(*find_hack("affine_ignored_at_gamma_1")), 3, {}, false);
  EXPECT_EQ(marks.disqualified, "");
  EXPECT_GT(marks.score(), 0.8);
  EXPECT_LT(marks.score(), 1);
}

// Truncates to the short formats, which no single value shows.
class Truncates : public DoubleSubject {
 public:
  Answer answer(const Case& c) override {
    Case wide = c;
    for (auto& [name, tensor] : wide.problem.inputs) {
      Tensor f64(DType::f64, tensor.shape());
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        f64.set_bits(i, round_to(tensor.value(i), DType::f64));
      }
      tensor = std::move(f64);
    }
    Answer answer = DoubleSubject::answer(wide);
    for (auto& [name, tensor] : answer.outputs) {
      const DType dtype = output_format(c.problem, name);
      Tensor to(dtype, tensor.shape());
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        std::uint64_t bits = round_to(tensor.value(i), dtype);
        const bool is_up =
            std::fabs(to_double(bits, dtype)) > std::fabs(tensor.value(i));
        to.set_bits(i, is_up ? bits - 1 : bits);
      }
      tensor = std::move(to);
    }
    return answer;
  }
};

TEST(Challenge, NoCreditForABiasedRounding) {
  ChallengeSettings settings = few();
  settings.operations = {Operation::forward_inference};
  settings.dtypes = {DType::bf16};
  settings.families = {"everyday", "sizes"};
  settings.cases = 10;
  const ChallengeMarks marks = marks_of(
      [] { return std::make_unique<Truncates>(); }, 1, settings, false);
  ASSERT_EQ(marks.papers.size(), 1u);
  EXPECT_EQ(marks.passed, marks.asked);
  EXPECT_THAT(marks.papers[0].biased,
              testing::ElementsAre(HasSubstr("y bf16: toward zero")));
  EXPECT_FALSE(marks.full());
}

// Papers without a question of the family are left out; the others keep their
// own roundings.
TEST(Challenge, ABiasBelongsToItsPaper) {
  ChallengeSettings settings = few();
  settings.families = {"gradients"};
  settings.operations = {Operation::forward_training,
                         Operation::backward_training};
  settings.dtypes = {DType::bf16};
  settings.cases = 16;
  const ChallengeMarks marks = marks_of(
      [] { return std::make_unique<Truncates>(); }, 1, settings, false);
  ASSERT_EQ(marks.papers.size(), 1u);
  EXPECT_EQ(marks.papers[0].paper.operation, Operation::backward_training);
  EXPECT_THAT(marks.papers[0].biased,
              testing::Contains(HasSubstr("dx bf16: toward zero")));
}

class ATranscript : public testing::Test {
 protected:
  ATranscript() {
    settings_ = few();
    settings_.operations = {Operation::forward_training};
    settings_.dtypes = {DType::f32};
    marks_of(make_double, 9, settings_, false, &text_);
  }
  // The transcript with the first occurrence of a text replaced.
  std::string with(const std::string& old, const std::string& other) const {
    std::string text = text_;
    const std::size_t at = text.find(old);
    EXPECT_NE(at, text.npos) << old;
    return text.replace(at, old.size(), other);
  }
  static std::string wrong(const std::string& text) {
    return verify_transcript("t", text, nullptr).wrong;
  }
  std::string text_;
  ChallengeSettings settings_;
};

TEST_F(ATranscript, IsVerified) {
  const TranscriptProof proof = verify_transcript("t", text_, nullptr);
  EXPECT_EQ(proof.wrong, "");
  EXPECT_EQ(proof.seed, 9u);
  EXPECT_EQ(proof.score, 1);
  EXPECT_TRUE(proof.full);
  EXPECT_EQ(proof.claimed, 4u);
  EXPECT_GT(proof.judged, 50u);
  DoubleSubject subject;
  const TranscriptProof all = verify_transcript("t", text_, &subject);
  EXPECT_EQ(all.wrong, "");
  EXPECT_EQ(all.claimed, 0u);
  EXPECT_EQ(all.asked, 4u);
}

TEST_F(ATranscript, OfADisqualifiedSubjectIsVerified) {
  for (const char* name : {"memoised_by_pointer", "running_statistics_inside",
                           "updates_running_statistics_in_place"}) {
    std::string text;
    marks_of(hack_of(*find_hack(name)), 9, settings_, false, &text);
    const TranscriptProof proof = verify_transcript("t", text, nullptr);
    EXPECT_EQ(proof.wrong, "") << name;
    EXPECT_FALSE(proof.full) << name;
  }
}

TEST_F(ATranscript, OfAnotherSeedIsRefuted) {
  EXPECT_THAT(wrong(with(R"("seed":"9")", R"("seed":"8")")),
              HasSubstr("line 1: the commitment is not to the seed"));
}

TEST_F(ATranscript, WithOtherQuestionsIsRefuted) {
  EXPECT_THAT(wrong(with(R"("inputs":")", R"("inputs":"0)")),
              HasSubstr("line 2: inputs is not that of the seed's question"));
  const std::size_t first = text_.find('\n') + 1;
  const std::size_t second = text_.find('\n', first) + 1;
  EXPECT_THAT(wrong(text_.substr(0, first) + text_.substr(second)),
              HasSubstr("line 2: question is not that"));
}

TEST_F(ATranscript, WithAnotherVerdictIsRefuted) {
  std::string text;
  marks_of(hack_of(*find_hack("zeros")), 9, settings_, false, &text);
  text_ = text;
  EXPECT_THAT(wrong(with(R"("verdict":"failed")", R"("verdict":"passed")")),
              HasSubstr("line 2: the answer is failed: "));
}

TEST_F(ATranscript, WithAnotherScoreIsRefuted) {
  EXPECT_THAT(wrong(with(R"("score":1.0)", R"("score":0.5)")),
              HasSubstr(": score is not what the verdicts add up to"));
}

TEST_F(ATranscript, ThatIsNoneIsNamed) {
  const std::pair<std::string, std::string> all[] = {
      {"", "t: line 0: nonce: missing"},
      {"x\n", "t: line 1: not a line of a transcript"},
      {with("challenge-transcript/1", "report/1"),
       "t: line 1: schema: expected exactbn/challenge-transcript/1"},
      {with(R"("exactbn":")", R"("exactbn":"9)"),
       "t: line 1: exactbn: made by version 9"},
      {with(R"("large":8192)", R"("large":-1)"),
       "t: line 1: settings: large: -1, expected"},
      {with(R"("seed":"9")", R"("seed":"nine")"), "seed: not an integer"},
      {text_.substr(0, text_.find('\n') + 1), "t: line 1: nonce: missing"},
  };
  for (const auto& [text, why] : all) {
    try {
      verify_transcript("t", text, nullptr);
      ADD_FAILURE() << why;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  }
}

}  // namespace
}  // namespace exactbn::challenge_test
