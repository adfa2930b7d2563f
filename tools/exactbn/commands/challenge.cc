// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <random>

#include "oracles/descriptor_stream.h"
#include "oracles/printable.h"
#include "oracles/subjects/process.h"
#include "tools/exactbn/challenge/settings.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/challenge/report.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/commands/tensor_cases.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/run.h"
#include "tools/exactbn/run/progress.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct ChallengeOptions {
  SubjectOptions subject;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> operations;
  std::vector<std::string> dtypes;
  std::vector<std::string> ranks;
  std::string parameters = "f32";
  ChallengeSettings settings;
  Judging judging;
  std::string transcript;
  std::string verify;
};

std::uint64_t random_bits() {
  std::random_device random;
  const auto half = [&] { return static_cast<std::uint64_t>(random()); };
  const std::uint64_t high = half() << 32;
  return high | half();
}

ChallengeSettings settings_of(const ChallengeOptions& options) {
  ChallengeSettings settings = options.settings;
  for (const std::string& name : options.operations) {
    settings.operations.push_back(operation_of("--operation", name));
  }
  settings.dtypes = chosen_dtypes(options.dtypes);
  if (!options.ranks.empty()) settings.ranks.clear();
  for (const std::string& rank : options.ranks) {
    const auto number = as_integer(rank);
    if (!number || *number < 2 || *number > 5) {
      throw UsageError("--rank: '" + rank + "' is not an integer in [2, 5]");
    }
    settings.ranks.push_back(static_cast<int>(*number));
  }
  if (options.parameters != "f32" && options.parameters != "same") {
    throw UsageError("--parameters: expected f32 or same, not '" +
                     options.parameters + "'");
  }
  if (options.parameters == "same") {
    settings.parameters = ParameterFormat::as_x;
  }
  settings.required = options.judging.required;
  require_families("--family", settings.families);
  return settings;
}

// Asks all questions. Those that failed are asked again by a subject that was
// started again: it has no memory of earlier calls. A subject that broke three
// times is not asked again, and gets no credit for the rest. Returns what the
// subject did wrong after its last answer.
std::string ask_all(const SubjectOptions& options,
                    std::unique_ptr<Subject> subject, Challenge& challenge,
                    Transcript& transcript) {
  std::optional<ChallengedSubject> challenged(*subject);
  StatusLine line;
  std::string at_exit;
  bool is_fresh = false;
  int breaks = 0;
  while (const ChallengeQuestion* const question = challenge.next()) {
    line.show(fmt::format("{}/{}   {} passed", question->number,
                          challenge.size(), challenge.marks().passed));
    ChallengeVerdict verdict;
    std::optional<Answer> answer;
    const auto broken = [&](const char* why) {
      verdict = {Verdict::failed, why, false, true};
    };
    if (breaks >= kMostBreaks) {
      broken("not asked: the subject broke too often");
    } else {
      try {
        if (question->is_again && !is_fresh) {
          is_fresh = true;
          at_exit = subject->finish();
          challenged.reset();
          subject = open_again(options, challenge.declaration());
          challenged.emplace(*subject);
        }
        answer = challenged->answer(*question);
        verdict = challenge.judge(*answer);
      } catch (const SubjectFailure& failure) {
        answer.reset();
        broken(failure.what());
        ++breaks;
      }
    }
    const Answer* const given = answer ? &*answer : nullptr;
    transcript.add(*question, verdict, given);
    challenge.add(verdict, given);
  }
  challenge.finish();
  return at_exit.empty() ? subject->finish() : at_exit;
}

int run_fresh(const ChallengeOptions& options,
              const ChallengeSettings& settings) {
  const std::uint64_t seed = options.seed ? *options.seed : random_bits();
  const std::string nonce =
      fmt::format("{:016x}{:016x}", random_bits(), random_bits());
  const std::string commitment = commitment_to(seed, nonce);
  // Before the subject starts.
  print("COMMITTED  sha256 {}\n", commitment);
  if (!host()) std::fflush(stdout);
  std::unique_ptr<Subject> subject = open_subject(options.subject);
  Challenge challenge(seed, settings, subject->declaration());
  if (challenge.marks().papers.empty()) {
    throw UsageError(
        "nothing to ask: no family has questions for what the "
        "subject declares");
  }
  Transcript transcript(commitment, challenge);
  std::string at_exit =
      ask_all(options.subject, std::move(subject), challenge, transcript);
  const ChallengeRun run = {challenge, seed, nonce, std::move(at_exit),
                            options.judging.errors};
  const ChallengeMarks& marks = challenge.marks();
  transcript.finish(seed, nonce, marks);
  if (!options.transcript.empty()) {
    write_file(options.transcript, transcript.text());
  }
  if (!options.judging.json.empty()) {
    write_file(options.judging.json, report_text(challenge_json(run)));
  }
  print(
      "challenge of {}   {} questions, {} cases a family, {} values if "
      "large\n\n{}",
      printable(challenge.declaration().subject), challenge.size(),
      settings.cases, settings.large, challenge_text(run));
  if (marks.broke || !run.at_exit.empty()) return 3;
  return marks.full() ? 0 : 1;
}

int verify(const ChallengeOptions& options) {
  std::string text;
  for (const NumberedLine& line : read_lines(options.verify)) {
    text += line.text + '\n';
  }
  const bool has_subject =
      !options.subject.name.empty() || !options.subject.command.empty();
  const std::unique_ptr<Subject> subject =
      has_subject ? open_subject(options.subject) : nullptr;
  const TranscriptProof found =
      verify_transcript(options.verify, text, subject.get());
  if (!options.judging.json.empty()) {
    write_file(options.judging.json,
               report_text(verification_json(options.verify, found)));
  }
  print("{}", verification_text(options.verify, found));
  return found.wrong.empty() ? 0 : 1;
}

int run_challenge(ChallengeOptions& options) {
  require_grade(options.judging);
  require_time_limit(options.subject);
  const std::vector<std::string> written = {options.judging.json,
                                            options.transcript};
  for (const std::string& file : written) {
    if (!file.empty()) require_writable(file);
  }
  require_distinct(written, {options.subject.name, options.verify});
  if (!options.verify.empty()) return verify(options);
  require_subject("challenge", options.subject);
  require_known(options.subject);
  return run_fresh(options, settings_of(options));
}

}  // namespace

Verb add_challenge(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "challenge",
      "a score that cannot be gamed: fresh questions from a hidden seed");
  const auto options = std::make_shared<ChallengeOptions>();
  ChallengeSettings& settings = options->settings;
  add_subject(verb, options->subject, "question");
  add_declare(verb, options->subject.declare);
  auto* seed = verb.add_option_function<std::uint64_t>(
      "--seed", [options](std::uint64_t value) { options->seed = value; },
      "repeat the questions of this seed; by default nobody knows it before "
      "the end");
  check_integer(*seed);
  auto* cases =
      verb.add_option("--cases", settings.cases, "number of cases of a family")
          ->check(CLI::Range(1, 100'000))
          ->capture_default_str();
  add_names(verb, "--operation", options->operations,
            "these; what the subject does not declare gets no credit");
  add_names(verb, "--dtype", options->dtypes, "these formats of x; the same");
  add_names(verb, "--family", settings.families,
            "only these families of `exactbn list families`");
  add_names(verb, "--rank", options->ranks, "ranks of x; by default 2,3,4,5");
  verb.add_option("--parameters", options->parameters,
                  "the format of gamma, beta and the statistics where x is "
                  "shorter than f32: f32, or same for that of x")
      ->capture_default_str();
  verb.add_option("--large", settings.large, "values of a large question")
      ->check(CLI::Range(std::int64_t{4096}, std::int64_t{1} << 34))
      ->capture_default_str();
  add_grade(verb, options->judging,
            "the worst grade that passes: correct, faithful, stable or "
            "sequential");
  options->judging.errors = 8;
  add_errors(verb, options->judging.errors, 1000,
             "number of families without credit to print in full");
  add_json(verb, options->judging.json);
  verb.add_option("--transcript", options->transcript,
                  "write all questions, answers and verdicts to this file");
  auto* verify =
      verb.add_option("--verify", options->verify,
                      "prove this transcript instead: derive its questions "
                      "from its seed, and judge its answers again; with "
                      "SUBJECT, ask those too large to record")
          ->excludes(seed)
          ->excludes(cases);
  for (const char* other :
       {"--operation", "--dtype", "--family", "--rank", "--parameters",
        "--large", "--require", "--transcript", "--declare", "--convention"}) {
    verify->excludes(verb.get_option(other));
  }
  return {&verb, [options] { return run_challenge(*options); }};
}

}  // namespace exactbn
