// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/conventions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "oracles/convention.h"
#include "oracles/explain/convention_fit.h"

namespace exactbn {

namespace {

constexpr std::string_view kDeclareIt = ": declare it with";

using FieldWords = std::map<std::string, std::string>;

FieldWords words_of(const std::vector<OtherConvention>& others) {
  FieldWords words;
  for (const OtherConvention& other : others) words[other.field] = other.word;
  return words;
}

// Keras and PyTorch stand for the two ways to write a momentum. A framework is
// named only if all that it does is found or declared.
std::string framework_of(const FieldWords& words, const Declaration& fitting) {
  if (!words.contains("momentum")) return {};
  for (const char* framework : {"keras", "pytorch"}) {
    const Declaration same = by_convention(fitting, framework);
    if (same.momentum == fitting.momentum &&
        same.running_variance == fitting.running_variance) {
      return framework;
    }
  }
  return {};
}

// The flags that declare the conventions, with a leading space each.
std::string flags_of(FieldWords words, const Declaration& fitting) {
  std::string flags;
  if (const std::string framework = framework_of(words, fitting);
      !framework.empty()) {
    flags = " --convention " + framework;
    for (const auto& [field, word] : convention_fields(framework)) {
      words.erase(field);
    }
  }
  for (const auto& [field, word] : words) {
    flags += fmt::format(" --declare {}={}", field, word);
  }
  return flags;
}

void judge_again(Run& run, CaseRun& c, const ConventionFit& fit) {
  const Answer& answer = c.answers[c.judged];
  const Case& asked = *c.question;
  CaseVerdict verdict;
  for (Case& read : fit.readings(asked)) {
    c.question = reread(run, asked, std::move(read.problem));
    verdict = check(*c.question, run.declaration, answer, run.required);
    if (verdict.verdict != Verdict::failed) break;
  }
  if (verdict.verdict != Verdict::failed) c.as_declared = std::move(c.verdict);
  c.verdict = std::move(verdict);
  measure(run, c, answer);
}

// The field of a declaration that an experiment of the probe finds.
std::string_view field_of(const std::string& experiment) {
  static const std::map<std::string_view, std::string_view> fields = {
      {"momentum_side", "momentum"},
      {"cumulative_average", "momentum"},
      {"running_variance", "running_variance"},
      {"single_value", "single_value"},
      {"zero_variance", "zero_variance"}};
  const auto found = fields.find(experiment);
  return found == fields.end() ? std::string_view() : found->second;
}

}  // namespace

void fit_conventions(Run& run) {
  std::vector<JudgedAnswer> answers;
  std::vector<CaseRun*> judged;
  for (CaseRun& c : run.cases) {
    if (c.judged >= c.answers.size()) continue;
    answers.push_back({c.question, &c.answers[c.judged], &c.verdict});
    judged.push_back(&c);
  }
  const ConventionFit fit =
      fit_convention(answers, run.declaration, run.required);
  if (fit.others.empty()) return;
  run.others = fit.others;
  run.flags = flags_of(words_of(fit.others), fit.declaration);
  // A command that declares already would contradict itself.
  const bool declares = run.again.find(" --convention ") != run.again.npos ||
                        run.again.find(" --declare ") != run.again.npos;
  if (!declares) run.again += run.flags;
  run.declaration = fit.declaration;
  for (const std::size_t i : fit.changed) {
    if (judged[i]->verdict.verdict != Verdict::failed) continue;
    judge_again(run, *judged[i], fit);
  }
}

std::vector<std::string> other_conventions(const Run& run) {
  std::vector<std::string> lines;
  for (const OtherConvention& other : run.others) {
    lines.push_back(fmt::format("{}{}{}", other.what, kDeclareIt, run.flags));
  }
  return lines;
}

std::string without_flags(const std::string& line) {
  return line.substr(0, line.find(kDeclareIt));
}

std::size_t cases_by_convention(const Run& run) {
  return static_cast<std::size_t>(std::count_if(
      run.cases.begin(), run.cases.end(),
      [](const CaseRun& c) { return c.as_declared.has_value(); }));
}

std::vector<std::string> disagreements(const Run& run) {
  std::vector<std::string> lines = other_conventions(run);
  // What differs from run to run tells nothing about conventions.
  const bool differs = std::any_of(run.cases.begin(), run.cases.end(),
                                   [](const CaseRun& c) { return c.differs; });
  if (differs) return lines;
  const FieldWords known = words_of(run.others);
  for (const CardLine& line : run.disagreeing) {
    // Something else is a defect, and no convention.
    if (!line.matters || line.found.find(kSomethingElse) != line.found.npos) {
      continue;
    }
    if (known.contains(std::string(field_of(line.id)))) continue;
    lines.push_back(fmt::format("{} {}, but {} is declared", line.title,
                                line.found, line.declared));
  }
  return lines;
}

}  // namespace exactbn
