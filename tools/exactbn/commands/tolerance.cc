// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <tuple>

#include "golden/suite/builder.h"
#include "oracles/momentum.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/ask/numbers.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/tensor_cases.h"
#include "tools/exactbn/commands/tolerance/class_of_data.h"
#include "tools/exactbn/commands/tolerance/report.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct ToleranceOptions {
  std::vector<std::string> files;
  Selection selection;
  TensorFlags tensors;
  std::string shape;
  std::string mean = "0";
  std::string deviation = "1";
  std::int64_t draws = 0;
  std::uint64_t seed = 1;
  DeclareOptions declare;
  Judging judging;
};

// The tallies of every operation and format of x.
class Tallies {
 public:
  Tallies(const Declaration& declaration, Grade required)
      : declaration_(declaration), required_(required) {}

  void add(const Problem& problem) {
    add_closeness(problem, declaration_, required_,
                  all_[{problem.operation, problem.x().dtype()}]);
  }

  std::vector<ToleranceRow> rows(double margin) const {
    std::vector<ToleranceRow> rows;
    for (const auto& [key, tallies] : all_) {
      for (const Output output : traits(key.first).outputs) {
        const auto tally = tallies.find(output);
        if (tally == tallies.end()) continue;
        rows.push_back(
            {key.first, key.second, output, tally->second.result(margin)});
      }
    }
    return rows;
  }

 private:
  const Declaration& declaration_;
  Grade required_;
  std::map<std::pair<Operation, DType>, std::map<Output, ClosenessTally>> all_;
};

std::vector<ClassOfData> classes(const ToleranceOptions& options) {
  ClassOfData data;
  data.shape = shape_of("--shape", options.shape);
  const TensorFlags& flags = options.tensors;
  data.epsilon = flags.epsilon.empty() ? suite::kEpsilon
                                       : number_of("--epsilon", flags.epsilon);
  data.momentum = flags.momentum.empty()
                      ? suite::kMomentum
                      : number_of("--momentum", flags.momentum);
  const int rank = static_cast<int>(data.shape.size());
  data.channel_axis = channel_axis_of(flags).value_or(1);
  if (data.channel_axis < 0) data.channel_axis += rank;
  if (rank < 2 || rank > 5) {
    throw UsageError(fmt::format("--shape: {} extents, expected 2 to 5", rank));
  }
  if (data.channel_axis < 0 || data.channel_axis >= rank) {
    throw UsageError(fmt::format("--channel-axis: {} is not an axis of {}",
                                 data.channel_axis, to_string(data.shape)));
  }
  data.mean = number_of("--mean", options.mean);
  data.deviation = number_of("--std", options.deviation);
  if (data.deviation < 0) {
    throw UsageError("--std: expected a number of at least 0, not '" +
                     options.deviation + "'");
  }
  std::vector<std::string> operations = flags.operations;
  if (operations.empty()) operations = {"forward_training"};
  std::vector<DType> dtypes = chosen_dtypes(options.selection.dtypes);
  if (dtypes.empty()) dtypes = {DType::f32};
  std::vector<ClassOfData> all;
  for (const std::string& operation : operations) {
    data.operation = operation_of("--operation", operation);
    for (const DType dtype : dtypes) {
      data.dtype = dtype;
      all.push_back(data);
    }
  }
  return all;
}

ToleranceReport of_classes(const ToleranceOptions& options, Tallies& tallies) {
  const std::vector<ClassOfData> all = classes(options);
  std::int64_t draws = options.draws;
  for (const ClassOfData& data : all) {
    try {
      if (options.draws == 0) draws = usual_draws(data);
      for (std::int64_t i = 0; i < draws; ++i) {
        tallies.add(
            draw_problem(data, options.seed + static_cast<std::uint64_t>(i)));
      }
    } catch (const std::invalid_argument& error) {
      throw UsageError(std::string("--shape: ") + error.what());
    } catch (const InvalidProblem& error) {
      throw UsageError(error.what());
    }
  }
  ToleranceReport report;
  report.is_class = true;
  report.source = fmt::format(
      "{}   channel axis {}   x normal, mean {}, deviation {}   the largest of "
      "{} draws, seed {}, and a quarter more: without it, another draw exceeds "
      "them once in {}",
      to_string(all[0].shape), all[0].channel_axis, all[0].mean,
      all[0].deviation, draws, options.seed, draws + 1);
  report.rows = tallies.rows(kClassMargin);
  return report;
}

std::vector<Case> cases_of(const ToleranceOptions& options) {
  const std::vector<std::string>& files = options.files;
  if (std::any_of(files.begin(), files.end(), is_tensor_file)) {
    return read_tensor_cases(files, options.tensors, options.declare.convention,
                             false)
        .cases;
  }
  if (const std::string flag = given_flag(options.tensors); !flag.empty()) {
    throw UsageError(flag + ": only for files of tensors, or with --shape");
  }
  std::vector<Case> cases;
  for (const std::string& file : files) {
    for (Case& c : read_cases(file)) cases.push_back(std::move(c));
  }
  return cases;
}

ToleranceReport of_files(const ToleranceOptions& options, Tallies& tallies,
                         const Declaration& declaration) {
  std::vector<Case> cases = cases_of(options);
  keep_selected(options.selection, cases);
  for (const Case& c : cases) {
    if (const auto problem = as_read(c.problem, declaration)) {
      tallies.add(*problem);
    }
  }
  ToleranceReport report;
  report.source =
      fmt::format("{}   {} question{}", fmt::join(options.files, " "),
                  cases.size(), cases.size() == 1 ? "" : "s");
  report.rows = tallies.rows(1);
  return report;
}

int find_tolerances(ToleranceOptions& options) {
  require_grade(options.judging);
  if (options.files.empty() == options.shape.empty()) {
    throw UsageError(options.shape.empty()
                         ? "tolerance: give QUESTIONS, or --shape for a class "
                           "of data"
                         : "--shape: not with QUESTIONS");
  }
  if (!options.judging.json.empty()) {
    require_writable(options.judging.json);
    require_distinct({options.judging.json}, options.files);
  }
  Declaration usual;
  usual.subject = "any";
  const Declaration declaration = declared(usual, options.declare);
  Tallies tallies(declaration, options.judging.required);
  ToleranceReport report = options.shape.empty()
                               ? of_files(options, tallies, declaration)
                               : of_classes(options, tallies);
  report.required = options.judging.required;
  fmt::print("{}", tolerance_text(report));
  if (!options.judging.json.empty()) {
    write_file(options.judging.json, report_text(tolerance_json(report)));
  }
  return 0;
}

}  // namespace

Verb add_tolerance(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "tolerance", "the least rtol and atol that no sound kernel violates");
  const auto options = std::make_shared<ToleranceOptions>();
  verb.add_option("QUESTIONS", options->files,
                  "a file of cases, - is standard input; or of tensors, as for "
                  "check");
  const std::string group = "A class of data instead";
  verb.add_option("--shape", options->shape,
                  "data of this shape, e.g. 64x64x32x32, in the format --dtype "
                  "(f32) and for --operation (forward_training)")
      ->group(group);
  verb.add_option("--mean", options->mean, "the mean of x, which is normal")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--std", options->deviation, "its standard deviation")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--draws", options->draws,
                  "the number of draws; by default 8 to 512")
      ->group(group)
      ->check(CLI::Range(1, 1'000'000));
  add_tensor_flags(verb, options->tensors);
  add_filter(verb, options->selection);
  add_seed(verb, options->seed, "seed of the first draw");
  add_grade(verb, options->judging,
            "the worst grade of a sound kernel: correct, faithful, stable or "
            "sequential");
  add_declare(verb, options->declare);
  add_domain(verb, options->declare);
  add_json(verb, options->judging.json);
  return {&verb, [options] { return find_tolerances(*options); }};
}

}  // namespace exactbn
