// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oracles/check.h"
#include "oracles/check/ulp_histogram.h"
#include "oracles/diagnose.h"
#include "oracles/probe/card.h"
#include "oracles/subject.h"

namespace exactbn {

// What came of one case.
struct CaseRun {
  const Case* question = nullptr;
  CaseVerdict verdict;             // of the worse answer, the first of equals
  std::vector<UlpHistogram> ulps;  // of each output of the verdict
  std::vector<double> kappas;      // as worst_kappas has it, of each likewise
  bool broke = false;  // the subject crashed, hung or broke the protocol
  // Whether the same case, asked again, was answered with other bits.
  bool differs = false;
  // With outputs, to look at when it failed: both if they differ, else one;
  // none where the run is too large to keep them.
  std::vector<Answer> answers;
  std::size_t judged = 0;  // the one whose verdict it is
};

// How many cases came to what.
struct Summary {
  std::int64_t run = 0;  // those that are not unsupported
  std::int64_t passed = 0;
  std::int64_t failed = 0;
  std::int64_t missing = 0;
  std::int64_t undecided = 0;
  std::int64_t unsupported = 0;
  bool broke = false;
};

// How many bytes of answers a run keeps for its diagnosis.
inline constexpr std::int64_t kKeptBytes = std::int64_t{64} << 20;

// How often a case is asked.
enum class Asking : std::uint8_t { once, twice };

// What is left of a failed case that no known defect explains when it is
// shrunk as far as the same output still fails.
struct SmallestFailure {
  std::string from;  // the case
  Output output;
  Problem problem;
  Answer answer;
  int evaluations = 0;
};

// What came of a suite.
struct Run {
  Declaration declaration;
  std::string source;  // "suite core, seed 20150211", or the file
  std::uint64_t seed = 0;
  Grade required = Grade::sequential;
  std::string again;  // the command that repeats it, but for --filter
  Asking asking = Asking::once;
  std::vector<CaseRun> cases;
  std::int64_t bytes = 0;  // of the answers kept
  Diagnosis diagnosis;
  // One of each operation and format with failures that nothing explains.
  std::vector<SmallestFailure> smallest;
  std::optional<Card> card;  // where its conventions were looked for
};

Summary summarize(const Run& run);

// 417 run, 415 passed, 1 failed, 0 missing, 1 undecided, 12 unsupported
std::string to_string(const Summary& summary);

// 0 passed, 1 a mismatch, 3 the subject broke, 4 undecided, missing, or
// nothing run at all.
int exit_code(const Summary& summary);

// A subject that broke three times is not started again.
inline constexpr int kMostBreaks = 3;

// Judges the answers to a case, in the order of the calls, and keeps those that
// tell more than the others.
void judge(Run& run, CaseRun& result, std::vector<Answer> answers);

// Names the defects that explain the failures, after all cases.
void diagnose(Run& run);

// The defects that explain the case, which must be an element of run.cases; or
// null.
const DefectExplanation* explanation_of(const Run& run, const CaseRun& c);

// The resemblance to which the case belongs; or null.
const Resemblance* resemblance_of(const Run& run, const CaseRun& c);

// How many cases have a wrong value: a failure that a defect could explain.
std::size_t wrong_cases(const Run& run);

// Which cases of an operation failed, where one rule tells.
std::vector<std::string> scope(const Run& run);

// Why a case did not pass, in a line: what kept its values from being judged,
// or the outputs that are too ill-conditioned. Empty where only values are
// wrong.
std::string why(const CaseRun& c);

// The ids of the cases that were answered otherwise when asked again.
std::vector<std::string> differing_cases(const Run& run);

// Asks the subject every case and judges the answers. `progress` is told the
// index of each case before it is asked.
void ask(Subject& subject, const std::vector<Case>& cases, Run& run,
         const std::function<void(std::size_t)>& progress);

}  // namespace exactbn
