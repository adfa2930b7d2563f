// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tools/exactbn/challenge.h"

namespace exactbn {

// The record of a challenge, a line of JSON for each question:
// tools/README.md documents the schema exactbn/challenge-transcript/1.
class Transcript {
 public:
  Transcript(std::string_view commitment, const Challenge& challenge);

  void add(const ChallengeQuestion& question, const ChallengeVerdict& verdict,
           const Answer* answer);
  void finish(std::uint64_t seed, std::string_view nonce,
              const ChallengeMarks& marks);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// What a verification found.
struct TranscriptProof {
  std::string wrong;  // "line 17: ...", or empty
  std::string subject;
  std::uint64_t seed = 0;
  std::string commitment;
  double score = 0;
  bool full = false;
  std::size_t judged = 0;   // answers in the transcript that were judged again
  std::size_t asked = 0;    // the subject was asked again
  std::size_t claimed = 0;  // too large for the transcript, and not asked
};

// Derives the questions from the seed, compares them with those of the
// transcript, judges its answers again, and adds the marks up. A subject, if it
// is not null, is asked those questions again whose answers are too large for
// the transcript. Throws UsageError, which names `file`, if the text is no
// transcript, or one of another version.
TranscriptProof verify_transcript(const std::string& file,
                                  std::string_view text, Subject* subject);

}  // namespace exactbn
