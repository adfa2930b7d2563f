// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oracles/check.h"
#include "oracles/check/rounding.h"
#include "oracles/check/ulp_histogram.h"
#include "oracles/dependence.h"
#include "oracles/diagnose.h"
#include "oracles/explain/convention_fit.h"
#include "oracles/formula.h"
#include "oracles/probe/card.h"
#include "oracles/subject.h"

namespace exactbn {

// The outcome of one case.
struct CaseRun {
  const Case* question = nullptr;
  CaseVerdict verdict;  // of the worse answer; the first if equal
  // One for each output of the verdict.
  std::vector<CompactHistogram> ulps;
  std::vector<double> kappas;            // the same, of worst_kappas
  std::vector<RoundingTally> roundings;  // the same, or none if all are empty
  bool broke = false;      // the subject crashed, hung or broke the protocol
  bool not_asked = false;  // the subject broke too often before; then `broke`
  // Whether a baseline has all failures of the case; and what it has not, such
  // as "y: eta 131 -> 900".
  bool known = false;
  std::vector<std::string> news;
  // Whether a second call answered with different bits.
  bool differs = false;
  // Answers with outputs, kept for the diagnosis: both if they differ, else
  // one; none if the run is too large to keep them.
  std::vector<Answer> answers;
  std::size_t judged = 0;  // index of the answer that the verdict is of
  // The verdict by the declared conventions, if only they fail the case; then
  // `verdict` is by the conventions that the subject follows.
  std::optional<CaseVerdict> as_declared;
};

// The verdict by the declared conventions.
inline Verdict outcome(const CaseRun& c) {
  return c.as_declared ? c.as_declared->verdict : c.verdict.verdict;
}

// How many cases have which verdict.
struct Summary {
  std::int64_t run = 0;  // all but the unsupported ones
  std::int64_t passed = 0;
  std::int64_t failed = 0;
  std::int64_t missing = 0;
  std::int64_t undecided = 0;
  std::int64_t beyond = 0;
  std::int64_t unsupported = 0;
  // Lines of run/conventions.h, each of which fails the run.
  std::int64_t disagreements = 0;
  // Outputs in a format whose rounding failed; no case is among them.
  std::int64_t roundings_failed = 0;
  Domain domain = Domain::ordinary;
  bool broke = false;
  // How many of them a baseline knows, so that they have no weight.
  std::int64_t known_failed = 0;
  std::int64_t known_missing = 0;
  std::int64_t known_undecided = 0;
  std::int64_t known_of_run = 0;  // disagreements and roundings
  bool stale = false;  // a known failure is mended, and the baseline is strict
};

// Bytes of answers that a run keeps for its diagnosis.
inline constexpr std::int64_t kKeptBytes = std::int64_t{64} << 20;

// How often each case is sent to the subject.
enum class CallsPerCase : std::uint8_t { once, twice };

// A failed case that no known defect explains, shrunk as far as possible while
// the same output fails.
struct SmallestFailure {
  std::string from;  // the id of the original case
  Output output;
  Problem problem;
  Answer answer;
  int evaluations = 0;
};

// What a run is told about its baseline (run/baseline.h).
struct BaselineOutcome {
  std::string file;
  bool strict = false;              // a mended failure fails the run
  bool updated = false;             // the file gets the failures of this run
  std::vector<std::string> mended;  // known failures that are gone, a line each
  std::set<std::string> known_of_run;  // lines of run/failures.h
};

// The outcome of all cases, for one subject.
struct Run {
  Declaration declaration;
  std::string source;  // "suite core, seed 20150211", or the file
  std::uint64_t seed = 0;
  Grade required = Grade::sequential;
  // The command that repeats it, without --filter; empty if none does.
  std::string again;
  CallsPerCase calls = CallsPerCase::once;
  // Cases that are known to break the subject: they do not end the run.
  std::set<std::string> may_break;
  std::vector<CaseRun> cases;
  std::string at_exit;     // what the subject did wrong after its last answer
  std::string stopped;     // why not all cases were judged; empty if they were
  std::int64_t bytes = 0;  // size of the answers that are kept
  Diagnosis diagnosis;
  std::vector<WrongFormula> formulas;
  std::vector<Dependence> dependences;
  // One for each operation and format with unexplained failures.
  std::vector<SmallestFailure> smallest;
  std::optional<Card> card;           // if a report shows it
  std::vector<CardLine> disagreeing;  // of the card, whether shown or not
  bool probed = false;
  // What the subject follows and does not declare, the flags that would declare
  // it, and the cases as it read them. `declaration` includes it.
  std::vector<OtherConvention> others;
  std::string flags;
  std::vector<std::shared_ptr<const Case>> reread;
  std::optional<BaselineOutcome> baseline;
};

// Counts a case.
void add(Summary& summary, const CaseRun& c);

Summary summarize(const Run& run);

// 417 run, 412 passed, 1 failed, 0 missing, 1 undecided, 3 beyond, 12
// unsupported
std::string to_string(const Summary& summary);

// 0 passed, 1 a mismatch, a convention that is not the declared one, a biased
// rounding or a stale line of a strict baseline, 2 nothing was asked, 3 the
// subject broke, 4 missing, or undecided in the domain `all`. What a baseline
// knows has no weight.
int exit_code(const Summary& summary);

// The same; if the baseline is updated, 0 or 2, or 3 if cases were not asked. 2
// if the run was stopped.
int exit_code(const Run& run);

// A subject that broke three times is not started again. Cases that are known
// to break it do not count.
inline constexpr int kMostBreaks = 3;

// The case with this problem, whose momentum alone may be another one: as the
// subject can receive it, or as it read it. The run keeps it.
const Case* reread(Run& run, const Case& c, Problem problem);

// Judges the answers to a case, in the order of the calls, and keeps both if
// they differ, else the first.
void judge(Run& run, CaseRun& result, std::vector<Answer> answers);

// Measures the errors of an answer on which there is a verdict.
void measure(const Run& run, CaseRun& result, const Answer& answer);

// What each case of the run was answered, for diagnosis. The answers must stay
// where they are.
std::vector<Observed> observed(const Run& run);

// Finds the defects and the wrong formulas that explain the failures. Call it
// after all cases.
void diagnose(Run& run);

// The defects that explain the case, which must be an element of run.cases; or
// null.
const DefectExplanation* explanation_of(const Run& run, const CaseRun& c);

// The resemblance that the case belongs to; or null.
const Resemblance* resemblance_of(const Run& run, const CaseRun& c);

// The wrong formula that the case follows; or null. If outputs follow several,
// that of `output`, if any.
const WrongFormula* formula_of(const Run& run, const CaseRun& c, Output output);

// The number of cases with a wrong value, which a defect could explain.
std::size_t wrong_cases(const Run& run);

// For each operation whose failures follow one rule: a line that states it.
std::vector<std::string> scope(const Run& run);

// Why a case did not pass, in one line: the reason why its values could not be
// judged, or the outputs that are too ill-conditioned or beyond the domain.
// Empty if only values are wrong.
std::string why(const CaseRun& c);

// The ids of the cases whose two answers differ.
std::vector<std::string> differing_cases(const Run& run);

// Sends every case to the subject and judges the answers. Calls `progress` with
// the index of each case before that case.
void ask(Subject& subject, const std::vector<Case>& cases, Run& run,
         const std::function<void(std::size_t)>& progress);

}  // namespace exactbn
