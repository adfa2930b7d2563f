// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/challenge/transcript.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

// A challenge that is over.
struct ChallengeRun {
  const Challenge& challenge;
  std::uint64_t seed;
  std::string nonce;
  std::string at_exit;  // what the subject did wrong after its last answer
  int errors;           // families without credit to print in full
};

// "full marks", "not full marks" or "disqualified".
std::string verdict_text(const ChallengeRun& run);

// The score in four digits, rounded down: 1.0000 means full marks.
std::string score_text(double score);

std::string challenge_text(const ChallengeRun& run);

// The schema exactbn/challenge/1.
Json challenge_json(const ChallengeRun& run);

std::string verification_text(const std::string& file,
                              const TranscriptProof& v);

// The schema exactbn/challenge-verification/1.
Json verification_json(const std::string& file, const TranscriptProof& v);

}  // namespace exactbn
