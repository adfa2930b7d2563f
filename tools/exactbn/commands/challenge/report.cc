// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/challenge/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <string_view>
#include <vector>

#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/challenge/settings.h"
#include "tools/exactbn/report/wrapped.h"

namespace exactbn {

namespace {

bool is_full(const ChallengeRun& run) {
  return run.challenge.marks().full() && run.at_exit.empty();
}

std::string counts_text(const FamilyMarks& of) {
  std::string text;
  for (const auto& [verdict, count] : of.by_verdict) {
    if (verdict == Verdict::passed) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count,
                        to_string(verdict));
  }
  return fmt::format("{} of {} questions", text, of.asked);
}

std::string paper_line(const PaperMarks& paper) {
  std::string lost;
  std::uint64_t asked = 0;
  std::uint64_t passed = 0;
  for (const FamilyMarks& of : paper.families) {
    asked += of.asked;
    passed += of.passed;
    if (!of.full()) {
      lost += fmt::format("{}{}", lost.empty() ? "" : ", ", of.family->name);
    }
  }
  if (!paper.biased.empty()) {
    lost += fmt::format("{}rounding", lost.empty() ? "" : ", ");
  }
  if (!paper.paper.is_declared)
    lost = "not declared, or not all of its results";
  const std::string head =
      fmt::format("{:<24} {:<8} {}   {:<13} ", to_string(paper.paper.operation),
                  format(paper.paper.dtype).name, score_text(paper.score()),
                  fmt::format("{}/{}", passed, asked));
  return lost.empty() ? head.substr(0, head.find_last_not_of(' ') + 1) + '\n'
                      : wrapped(head, lost);
}

// The outputs that the subject does not offer, and nobody judged.
std::map<Operation, std::vector<std::string_view>> not_offered(
    const ChallengeRun& run) {
  const Declaration& declaration = run.challenge.declaration();
  std::map<Operation, std::vector<std::string_view>> all;
  for (const PaperMarks& paper : run.challenge.marks().papers) {
    const Operation operation = paper.paper.operation;
    if (all.contains(operation)) continue;
    for (const Output output : traits(operation).outputs) {
      if (!offers(declaration, operation, output)) {
        all[operation].push_back(to_string(output));
      }
    }
  }
  return all;
}

Json not_offered_json(const ChallengeRun& run) {
  Json all = Json::object();
  for (const auto& [operation, outputs] : not_offered(run)) {
    all[std::string(to_string(operation))] = outputs;
  }
  return all;
}

std::string first_text(const PaperMarks& paper, const FamilyMarks& of) {
  std::string text = fmt::format(
      "\nNO CREDIT  {} of {} {}: {}\n", of.family->name, paper.paper.operation,
      format(paper.paper.dtype).name, counts_text(of));
  if (!of.first) return text;
  text += fmt::format("  first    question {}   {}\n", *of.first, of.where);
  return text + wrapped("           ", printable(of.why));
}

Json family_json(const FamilyMarks& of) {
  Json counts = Json::object();
  for (const auto& [verdict, count] : of.by_verdict) {
    counts[std::string(to_string(verdict))] = count;
  }
  Json first = nullptr;
  if (of.first) {
    first = {{"question", *of.first}, {"where", of.where}, {"why", of.why}};
  }
  return {{"family", of.family->name}, {"weight", of.family->weight},
          {"asked", of.asked},         {"verdicts", counts},
          {"full", of.full()},         {"first", first}};
}

Json paper_json(const PaperMarks& paper) {
  Json families = Json::array();
  for (const FamilyMarks& of : paper.families) {
    families.push_back(family_json(of));
  }
  return {{"operation", to_string(paper.paper.operation)},
          {"dtype", format(paper.paper.dtype).name},
          {"declared", paper.paper.is_declared},
          {"score", paper.score()},
          {"biased_roundings", paper.biased},
          {"families", families}};
}

}  // namespace

std::string verdict_text(const ChallengeRun& run) {
  if (!run.challenge.marks().disqualified.empty()) return "disqualified";
  return is_full(run) ? "full marks" : "not full marks";
}

std::string score_text(double score) {
  return fmt::format("{:.4f}", std::floor(score * 10000) / 10000);
}

std::string challenge_text(const ChallengeRun& run) {
  const ChallengeMarks& marks = run.challenge.marks();
  std::string text = fmt::format("{:<24} {:<8} {:<8} {:<13} no credit for\n",
                                 "operation", "dtype", "score", "passed/asked");
  for (const PaperMarks& paper : marks.papers) text += paper_line(paper);
  for (const auto& [operation, outputs] : not_offered(run)) {
    text += fmt::format("NOT OFFERED  {}: {}\n", operation,
                        fmt::join(outputs, ", "));
  }
  int more = 0;
  const auto add = [&](const std::string& family) {
    ++more;
    if (more <= run.errors) text += family;
  };
  for (const PaperMarks& paper : marks.papers) {
    for (const FamilyMarks& of : paper.families) {
      if (!of.full()) add(first_text(paper, of));
    }
    for (const std::string& biased : paper.biased) {
      add(fmt::format("\nNO CREDIT  rounding of {} {}\n{}",
                      paper.paper.operation, format(paper.paper.dtype).name,
                      wrapped("           ", biased)));
    }
  }
  more -= run.errors;
  if (more > 0 && run.errors > 0) {
    text += fmt::format("\n... and {} more\n", more);
  }
  if (!marks.disqualified.empty()) {
    text += '\n' + wrapped("DISQUALIFIED  ", printable(marks.disqualified));
  }
  if (!run.at_exit.empty()) {
    text += '\n' + wrapped("AT EXIT  ", printable(run.at_exit));
  }
  text += fmt::format("\nREVEALED  the commitment is the sha256 of \"{}\"\n",
                      committed_text(run.seed, run.nonce));
  return text + fmt::format("score {}, {}: {} of {} questions passed\n",
                            score_text(marks.score()), verdict_text(run),
                            marks.passed, marks.asked);
}

Json challenge_json(const ChallengeRun& run) {
  const ChallengeMarks& marks = run.challenge.marks();
  const Declaration& declaration = run.challenge.declaration();
  Json papers = Json::array();
  for (const PaperMarks& paper : marks.papers) {
    papers.push_back(paper_json(paper));
  }
  return {{"schema", "exactbn/challenge/1"},
          {"subject", declaration.subject},
          {"commitment", commitment_to(run.seed, run.nonce)},
          {"seed", std::to_string(run.seed)},
          {"nonce", run.nonce},
          {"settings", settings_json(run.challenge.settings())},
          {"environment", environment()},
          {"score", marks.score()},
          {"full_marks", is_full(run)},
          {"verdict", verdict_text(run)},
          {"disqualified", text_or_null(marks.disqualified)},
          {"asked", marks.asked},
          {"passed", marks.passed},
          {"papers", papers},
          {"at_exit", text_or_null(run.at_exit)},
          {"not_offered", not_offered_json(run)},
          {"declaration", Json::parse(write_declaration(declaration))}};
}

std::string verification_text(const std::string& file,
                              const TranscriptProof& v) {
  if (!v.wrong.empty()) {
    return fmt::format("{}: NOT VERIFIED: {}\n", printable(file),
                       printable(v.wrong));
  }
  std::string claimed;
  if (v.claimed > 0) {
    claimed = fmt::format(
        ", {} are only claimed: their answers are too large to record; give "
        "the SUBJECT to ask again",
        v.claimed);
  }
  return wrapped(printable(file) + ": ",
                 fmt::format("verified: the questions are those of seed {}, "
                             "which was committed to; {} answers judged again, "
                             "{} asked again{}",
                             v.seed, v.judged, v.asked, claimed)) +
         fmt::format("{}: score {}, {}\n", printable(v.subject),
                     score_text(v.score),
                     v.full ? "full marks" : "not full marks");
}

Json verification_json(const std::string& file, const TranscriptProof& v) {
  return {{"schema", "exactbn/challenge-verification/1"},
          {"file", file},
          {"subject", v.subject},
          {"verified", v.wrong.empty()},
          {"wrong", text_or_null(v.wrong)},
          {"commitment", v.commitment},
          {"seed", std::to_string(v.seed)},
          {"judged_again", v.judged},
          {"asked_again", v.asked},
          {"claimed", v.claimed},
          {"score", v.score},
          {"full_marks", v.full}};
}

}  // namespace exactbn
