// SPDX-License-Identifier: Apache-2.0
#include "golden/corpus.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "golden/export.h"
#include "golden/suite/case_id.h"
#include "golden/suite/labels.h"
#include "golden/vector/manifest.h"
#include "oracles/check.h"

namespace exactbn::corpus_test {
namespace {

const std::vector<CommentedCase>& all() {
  static const std::vector<CommentedCase> cases = corpus();
  return cases;
}

std::string shipped(const std::string& name) {
  std::ifstream in(EXACTBN_SOURCE "/golden/v1/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Corpus, HoldsEveryOperationInEveryFormat) {
  std::map<std::pair<Operation, DType>, int> count;
  for (const CommentedCase& c : all()) {
    const Problem& p = c.question.problem;
    ++count[{p.operation, p.x().dtype()}];
  }
  EXPECT_GE(all().size(), 1500u);
  for (const Operation operation : kOperations) {
    for (const DType dtype : suite::kSuiteDTypes) {
      EXPECT_GE((count[{operation, dtype}]), 30)
          << to_string(operation) << ' ' << format(dtype).name;
    }
  }
}

TEST(Corpus, IdsAreUniqueAndMatchTheContent) {
  std::set<std::string> ids;
  for (const CommentedCase& c : all()) {
    EXPECT_EQ(c.question.id, case_id(c.question.problem));
    EXPECT_TRUE(ids.insert(c.question.id).second) << c.question.id;
  }
}

TEST(Corpus, EveryLabelIsKnownAndUsedHereOrInTheCoreSuite) {
  std::set<std::string, std::less<>> used = {"AsRequested"};
  const auto add = [&](const Case& c) {
    for (const std::string& label : c.labels) {
      EXPECT_TRUE(find_label(label)) << c.id << ' ' << label;
      used.insert(label);
    }
  };
  for (const CommentedCase& c : all()) add(c.question);
  for (const Case& c : core_suite()) add(c);
  for (const Label& label : labels()) {
    EXPECT_TRUE(used.contains(label.name)) << label.name;
  }
}

TEST(Corpus, SaysWhatEachCaseTests) {
  for (const CommentedCase& c : all()) {
    EXPECT_FALSE(c.comment.empty()) << c.question.id;
    EXPECT_EQ(c.comment.back(), '.') << c.comment;
    EXPECT_FALSE(c.question.labels.empty()) << c.question.id;
  }
}

// Cases labelled Refused are invalid, and no others are.
TEST(Corpus, IsValidExceptForRefusedCases) {
  int refused = 0;
  for (const CommentedCase& c : all()) {
    const bool expected = c.question.labels.front() == "Refused";
    refused += expected;
    try {
      require_valid(c.question.problem);
      EXPECT_FALSE(expected) << c.question.id << ' ' << c.comment;
    } catch (const InvalidProblem& error) {
      EXPECT_TRUE(expected) << c.question.id << ' ' << error.what();
    }
  }
  EXPECT_GE(refused, 50);
}

// f64 and f32 can hold the ladder from 2^0 to 2^22 and to 2^21.
TEST(Corpus, CancellationLadderHasAllSteps) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    std::set<double> first;
    for (const CommentedCase& c : all()) {
      const Problem& p = c.question.problem;
      if (c.question.labels.front() == "CancellationLadder" &&
          p.operation == Operation::forward_training &&
          p.x().dtype() == dtype) {
        first.insert(p.x().value(0) + 1);
      }
    }
    EXPECT_EQ(first.size(), dtype == DType::f64 ? 23u : 22u);
    EXPECT_EQ(*first.begin(), 1);
  }
}

// `exactbn generate --out golden/v1` writes golden/v1. A difference means that
// the corpus or an answer changed, or that a compiler or processor gives other
// results.
TEST(Corpus, MatchesWhatIsShipped) {
  const std::vector<OutputFile> files = export_json(
      prove_each(all()),
      {EXACTBN_VERSION, "exactbn generate --suite corpus --seed 20150211"});
  std::size_t bytes = 0;
  for (const OutputFile& file : files) {
    EXPECT_TRUE(shipped(file.name) == file.text) << file.name;
    EXPECT_LE(file.text.size(), 1'000'000u) << file.name;
    bytes += file.text.size();
  }
  EXPECT_LE(bytes, 6'000'000u);
  EXPECT_EQ(shipped(std::string(kManifest)), manifest(files));
}

// The verdict on the answer of a variation, with what it leaves out taken from
// the expected answer.
CaseVerdict verdict_on(const Vector& vector, const Expected& variation,
                       const Declaration& declaration) {
  Answer answer;
  for (const auto& [output, expected] : vector.expected.outputs) {
    answer.outputs[output] = expected.values;
  }
  for (const auto& [output, expected] : variation.outputs) {
    answer.outputs[output] = expected.values;
  }
  return check(vector.question, declaration, answer, Grade::sequential);
}

// `exactbn` and whoever reads the files judge alike.
TEST(Corpus, AnswersOfVariationsPassIfTheyAreDeclared) {
  std::map<std::string, Declaration> declarations;
  declarations["biased_running_variance"].running_variance =
      RunningVariance::biased;
  declarations["keep_single_value"].single_value = SingleValue::keep;
  declarations["zero_for_zero_variance"].zero_variance = ZeroVariance::zero;
  declarations["flushed_subnormals"].subnormals = Subnormals::flush;
  std::map<std::string, int> checked;
  for (const Vector& vector : prove_each(all())) {
    for (const auto& [name, variation] : vector.variations) {
      if (!variation.reject.empty()) continue;
      Declaration declaration = declarations.at(name);
      declaration.domain = Domain::all;
      EXPECT_LE(verdict_on(vector, variation, declaration).verdict,
                Verdict::undecided)
          << vector.question.id << ' ' << name;
      ++checked[name];
    }
  }
  EXPECT_EQ(checked.size(), declarations.size());
  EXPECT_GT(checked["flushed_subnormals"], 80);
}

}  // namespace
}  // namespace exactbn::corpus_test
