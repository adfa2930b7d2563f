// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "oracles/momentum.h"
#include "oracles/wire.h"
#include "oracles/wire/json_line.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/baseline.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/publish.h"
#include "tools/exactbn/commands/tensor_cases.h"
#include "tools/exactbn/run.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct CheckOptions {
  Selection selection;  // the cases, always from a file
  // Of cases, one file; of tensors, any number.
  std::vector<std::string> answers;
  TensorFlags tensors;
  DeclareOptions declare;
  Judging judging;
};

struct Answers {
  Declaration declaration;
  std::map<std::string, Answer> by_case;
};

std::vector<std::string> files_of(const CheckOptions& options) {
  std::vector<std::string> files = {options.selection.file};
  files.insert(files.end(), options.answers.begin(), options.answers.end());
  return files;
}

bool is_declaration(const std::string& line) {
  try {
    return wire::LineParser().parse(line).contains("subject");
  } catch (const WireError&) {
    return false;
  }
}

Answers read_answers(const std::string& file, const std::vector<Case>& cases) {
  std::map<std::string, const Case*> known;
  for (const Case& c : cases) known[c.id] = &c;
  Answers answers;
  answers.declaration.subject = file;
  bool first = true;
  for (const NumberedLine& line : read_lines(file)) {
    const std::string place = fmt::format("{}:{}: ", file, line.number);
    try {
      if (std::exchange(first, false) && is_declaration(line.text)) {
        answers.declaration = read_declaration(line.text);
        continue;
      }
      const std::string id = answered_case(line.text);
      const auto asked = known.find(id);
      if (asked == known.end()) {
        throw UsageError(
            fmt::format("{}case {}: not among the cases", place, id));
      }
      const Answer answer = read_answer(line.text, *asked->second);
      if (!answers.by_case.emplace(id, answer).second) {
        throw UsageError(fmt::format("{}case {}: answered twice", place, id));
      }
    } catch (const WireError& error) {
      throw UsageError(place + error.what());
    }
  }
  return answers;
}

// The command that repeats the run, without --filter: each failure adds it.
std::string again(const CheckOptions& options) {
  std::string text = "exactbn check";
  for (const std::string& file : files_of(options)) {
    text += ' ' + shell_word(file);
  }
  text += as_flags(options.tensors) + as_flags(options.declare);
  if (options.judging.required != Grade::sequential) {
    text += fmt::format(" --require {}", to_string(options.judging.required));
  }
  return text;
}

// Cases and answers in the wire format, a file each.
Answers read_lines_of(const CheckOptions& options, std::vector<Case>& cases) {
  const std::string& file = options.selection.file;
  if (options.answers.empty()) {
    throw UsageError("ANSWERS is required; see exactbn --help");
  }
  if (options.answers.size() > 1) {
    throw UsageError(fmt::format("{}: {} files of answers; expected one", file,
                                 options.answers.size()));
  }
  const std::string& answers = options.answers[0];
  if (file == "-" && answers == "-") {
    throw UsageError("check: CASES and ANSWERS cannot both be standard input");
  }
  cases = read_cases(file);
  if (const std::string flag = given_flag(options.tensors); !flag.empty()) {
    throw UsageError(fmt::format(
        "{}: only for files of tensors; the cases of {} say it", flag, file));
  }
  return read_answers(answers, cases);
}

// Questions and answers in files of tensors.
Answers read_tensors_of(const CheckOptions& options, std::vector<Case>& cases) {
  const std::vector<std::string> files = files_of(options);
  TensorCases read = read_tensor_cases(files, options.tensors,
                                       options.declare.convention, true);
  Answers answers;
  answers.declaration = std::move(read.declaration);
  answers.declaration.subject = fmt::format("{}", fmt::join(files, " "));
  cases = std::move(read.cases);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    answers.by_case.emplace(cases[i].id, std::move(read.answers[i]));
  }
  return answers;
}

// Judges answers that were computed elsewhere. A file of answers may begin with
// a declaration.
int check_answers(CheckOptions& options) {
  require_grade(options.judging);
  const Selection& selection = options.selection;
  const std::vector<std::string> files = files_of(options);
  require_writable(options.judging, files);
  std::vector<Case> cases;
  const Answers answers =
      std::any_of(files.begin(), files.end(), is_tensor_file)
          ? read_tensors_of(options, cases)
          : read_lines_of(options, cases);
  Run run;
  run.declaration = declared(answers.declaration, options.declare);
  tell_overridden(answers.declaration, run.declaration);
  run.source = selection.file;
  run.required = options.judging.required;
  run.again = again(options);
  const auto baseline = case_baseline(
      options.judging.baseline, run.declaration, run.required, selection,
      options.judging.baseline.file.empty() ? std::string()
                                            : identity(selection, cases));
  for (const Case& c : cases) {
    if (!selects(selection, c)) continue;
    CaseRun result;
    result.question = &c;
    // The momentum of the file is what the subject was given.
    auto problem = as_read(c.problem, run.declaration);
    if (!problem) {
      result.verdict.verdict = Verdict::unsupported;
      result.verdict.reason = "no f64 is 1 - momentum";
      run.cases.push_back(std::move(result));
      continue;
    }
    result.question = reread(run, c, *std::move(problem));
    const auto answer = answers.by_case.find(c.id);
    if (answer == answers.by_case.end()) {
      result.verdict.verdict = Verdict::missing;
      result.verdict.reason = "no answer";
    } else {
      judge(run, result, {answer->second});
    }
    run.cases.push_back(std::move(result));
  }
  if (run.cases.empty()) throw UsageError("no case is selected");
  fit_conventions(run);
  diagnose(run);
  if (baseline) {
    baseline->compare_with(run);
    baseline->update_from(run);
  }
  return publish(run, options.judging);
}

}  // namespace

Verb add_check(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "check", "judge answers that were computed elsewhere");
  const auto options = std::make_shared<CheckOptions>();
  verb.add_option("CASES", options->selection.file,
                  "a file of cases, - is standard input; or of tensors: .npz, "
                  ".npy, .safetensors, .pb, or a folder with model.onnx")
      ->required();
  verb.add_option("ANSWERS", options->answers,
                  "a file of answers, - is standard input; or more tensors");
  add_tensor_flags(verb, options->tensors);
  add_filter(verb, options->selection);
  add_declare(verb, options->declare);
  add_domain(verb, options->declare);
  add_judging(verb, options->judging);
  return {&verb, [options] { return check_answers(*options); }};
}

}  // namespace exactbn
