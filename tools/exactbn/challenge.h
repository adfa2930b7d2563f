// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/check.h"
#include "oracles/subject.h"
#include "oracles/subjects/kept_buffers.h"
#include "tools/exactbn/challenge/families.h"

namespace exactbn {

// A question of a challenge.
struct ChallengeQuestion {
  std::size_t number = 0;  // in the order of asking, from 0
  const Paper* paper = nullptr;
  const Family* family = nullptr;
  std::uint64_t of_family = 0;         // which of its cases
  int part = 0;                        // of that case
  std::optional<std::size_t> repeats;  // the number of the same question
  bool is_again = false;               // one that failed, after all others
  Case asked;
  Surroundings surroundings;
};

// The verdict on an answer, in the form that counts.
struct ChallengeVerdict {
  Verdict verdict = Verdict::passed;
  std::string why;     // in a line, if it did not pass
  bool wrote = false;  // to an input
  bool broke = false;  // crashed, hung or broke the protocol

  bool operator==(const ChallengeVerdict&) const = default;
};

// How a family of a paper went.
struct FamilyMarks {
  const Family* family = nullptr;
  std::uint64_t asked = 0;
  std::uint64_t passed = 0;
  std::uint64_t beyond = 0;  // not counted
  std::map<Verdict, std::uint64_t> by_verdict;
  // The first question that got no credit.
  std::optional<std::size_t> first;
  std::string where;  // "f32 8x3x4x4, channel axis 1, eps 0x1p-10"
  std::string why;

  bool full() const { return passed > 0 && passed + beyond == asked; }
};

// Formats of outputs whose rounding is biased, in a way that is not declared:
// "y bf16: toward zero (...)".
using Biased = std::vector<std::string>;

// What a sound rounding adds to the weights of the families.
inline constexpr int kRoundingWeight = 1;

struct PaperMarks {
  Paper paper;
  // None if the paper is not declared, or its results are not all offered.
  std::vector<FamilyMarks> families;
  Biased biased;
  double score() const;
  bool full() const;
};

struct ChallengeMarks {
  std::vector<PaperMarks> papers;
  std::uint64_t asked = 0;
  std::uint64_t passed = 0;
  // Why no answer counts: inputs were written to, or a question was answered
  // wrong once and right once. Empty if neither.
  std::string disqualified;
  bool broke = false;

  double score() const;  // in [0, 1]
  bool full() const;
};

// A challenge: its questions, one after the other, and the marks. What is asked
// depends on the seed, the settings, the declaration, and, for the running
// statistics of a chain of training steps, on the answers. So do the marks: the
// run and the verification both are loops over next() and add().
class Challenge {
 public:
  Challenge(std::uint64_t seed, ChallengeSettings settings,
            Declaration declaration);
  ~Challenge();
  Challenge(const Challenge&) = delete;
  Challenge& operator=(const Challenge&) = delete;

  // Nothing after the last question. The question lives until the next call.
  const ChallengeQuestion* next();

  // The verdict on an answer to the last question.
  ChallengeVerdict judge(const Answer& answer);

  // Adds the verdict on the last question, and the answer if it is at hand.
  void add(const ChallengeVerdict& verdict, const Answer* answer);

  // After the last question: finds the biased roundings.
  void finish();

  const ChallengeMarks& marks() const;
  const ChallengeSettings& settings() const;
  const Declaration& declaration() const;
  // How many questions there are, but for those asked again.
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a transcript records the answer whole; else only digests of the
// outputs. It does where other questions follow from the answer.
bool is_recorded_whole(const ChallengeQuestion& question);

// A subject that is asked in kept memory (Surroundings::kept), whose inputs are
// compared after each call.
class ChallengedSubject {
 public:
  explicit ChallengedSubject(Subject& subject) : subject_(subject) {}

  // Throws SubjectFailure.
  Answer answer(const ChallengeQuestion& question);

 private:
  Subject& subject_;
  KeptBuffers kept_;
};

// Whether the message of an answer says that the subject wrote to an input.
bool tells_of_written_input(const Answer& answer);

// The SHA-256 that binds a challenge to its seed before the first question.
// The nonce, 32 hexadecimal digits, keeps the seed from being guessed.
std::string commitment_to(std::uint64_t seed, std::string_view nonce);
// The text whose digest that is.
std::string committed_text(std::uint64_t seed, std::string_view nonce);

// The SHA-256 of a question without its name: of its parameters and values.
std::string digest_of(const Problem& problem);
// That of the values, least significant byte first.
std::string digest_of(const Tensor& tensor);

}  // namespace exactbn
