// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "golden/export.h"
#include "golden/recipe.h"
#include "golden/suite/case_id.h"
#include "golden/vector/dialect.h"
#include "golden/vector/manifest.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& folder, const std::string& why) {
  throw UsageError(folder.string() + ": cannot be written: " + why);
}

// A folder beside the one that is wanted, which takes its name in one step when
// it is complete, and is gone when it is not.
class PartialFolder {
 public:
  explicit PartialFolder(const fs::path& target)
      : target_(fs::absolute(target).lexically_normal()) {
    if (!target_.has_filename()) target_ = target_.parent_path();
    std::error_code failure;
    const bool taken =
        fs::exists(target_, failure) && (!fs::is_directory(target_, failure) ||
                                         !fs::is_empty(target_, failure));
    if (taken) fail(target, "it is there already, and not empty");
    std::string name = target_.string() + ".partial-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) fail(target, std::strerror(errno));
    path_ = name;
    fs::permissions(path_, fs::perms(0755), failure);
  }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder() {
    std::error_code none;
    if (!path_.empty()) fs::remove_all(path_, none);
  }

  void write(const std::string& name, const std::string& text) const {
    std::error_code failure;
    fs::create_directories((path_ / name).parent_path(), failure);
    if (failure) fail(target_, failure.message());
    write_file((path_ / name).string(), text);
  }
  void commit() {
    std::error_code failure;
    fs::rename(path_, target_, failure);
    if (failure) fail(target_, failure.message());
    path_.clear();
  }

 private:
  fs::path target_;
  fs::path path_;
};

std::vector<Operation> chosen_operations(const GenerateOptions& options) {
  std::vector<Operation> chosen;
  for (const std::string& name : options.operations) {
    const auto operation = parse_operation(name);
    if (!operation)
      throw UsageError("--operation: no operation '" + name + "'");
    chosen.push_back(*operation);
  }
  if (chosen.empty()) chosen.assign(kOperations.begin(), kOperations.end());
  return chosen;
}

// An ordinary problem of the shape for each operation and format.
std::vector<CommentedCase> drawn(const GenerateOptions& options) {
  const std::set<DType> given = chosen_dtypes(options.selection);
  Suite suite(options.selection.seed);
  for (const Operation operation : chosen_operations(options)) {
    for (const DType dtype : kSuiteDTypes) {
      if (!given.empty() && !given.contains(dtype)) continue;
      Problem p;
      try {
        p = suite.draw("AsRequested", operation, dtype, options.shape,
                       options.channel_axis);
        p.epsilon = options.epsilon;
        suite.add(std::move(p), {"AsRequested"});
      } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--shape: ") + error.what());
      } catch (const InvalidProblem& error) {
        throw UsageError(error.what());
      }
    }
  }
  return commented(suite.take());
}

std::vector<CommentedCase> questions(const GenerateOptions& options) {
  if (!options.shape.empty()) return drawn(options);
  const Selection& selection = options.selection;
  if (selection.suite != "corpus" && selection.suite != "core") {
    throw UsageError("--suite: no suite '" + selection.suite +
                     "'; known are core, corpus");
  }
  const std::vector<Operation> operations = chosen_operations(options);
  std::vector<CommentedCase> all = selection.suite == "core"
                                       ? commented(core_suite(selection.seed))
                                       : corpus(selection.seed);
  std::erase_if(all, [&](const CommentedCase& c) {
    const Problem& problem = c.question.problem;
    return !selects(selection, c.question) ||
           std::find(operations.begin(), operations.end(), problem.operation) ==
               operations.end();
  });
  if (all.empty()) throw UsageError("no case is selected");
  return all;
}

// The command that writes the same again, wherever to.
std::string command(const GenerateOptions& options) {
  const Selection& selection = options.selection;
  std::string text = "exactbn generate";
  const auto add = [&](std::string_view option, const std::string& value) {
    text += fmt::format(" {} {}", option, shell_word(value));
  };
  if (options.shape.empty()) {
    add("--suite", selection.suite);
  } else {
    add("--shape", to_string(options.shape));
    add("--channel-axis", std::to_string(options.channel_axis));
    add("--epsilon", fmt::to_string(options.epsilon));
  }
  if (options.format != "json") add("--format", options.format);
  if (!options.convention.empty()) add("--convention", options.convention);
  for (const std::string& name : options.operations) add("--operation", name);
  for (const std::string& name : selection.dtypes) add("--dtype", name);
  if (!selection.filter.empty()) add("--filter", selection.filter);
  add("--seed", std::to_string(selection.seed));
  return text;
}

// Not of vectors: the values are too many to be written down.
constexpr std::string_view kRecipe = "recipe";

const Exporter& chosen_exporter(const std::string& name) {
  const auto known = exporters();
  const auto it = std::find_if(known.begin(), known.end(),
                               [&](const auto& e) { return e.name == name; });
  if (it != known.end()) return *it;
  std::string problem = "--format: no format '" + name + "'; known are ";
  for (const Exporter& exporter : known) {
    if (&exporter != &known.front()) problem += ", ";
    problem += exporter.name;
  }
  throw UsageError(problem + fmt::format(", {}", kRecipe));
}

// The convention that is asked for, or that the format has; empty if neither.
std::string chosen_convention(const GenerateOptions& options,
                              const Exporter& exporter) {
  const std::string& name = options.convention;
  if (name.empty()) return std::string(exporter.convention);
  if (!find_dialect(name)) {
    throw UsageError(
        fmt::format("--convention: no convention '{}'; known are {}", name,
                    fmt::join(dialects(), ", ")));
  }
  if (!exporter.convention.empty() && name != exporter.convention) {
    throw UsageError(fmt::format("--convention: --format {} is in that of {}",
                                 exporter.name, exporter.convention));
  }
  return name;
}

// Those that the convention and the format have; how many each reason leaves
// out is added to `left_out`.
std::vector<CommentedCase> expressible(std::vector<CommentedCase> all,
                                       const std::string& convention,
                                       const Exporter& exporter,
                                       std::map<std::string, int>& left_out) {
  const auto dialect = find_dialect(convention);
  std::vector<CommentedCase> chosen;
  std::set<std::string, std::less<>> ids;
  for (CommentedCase& c : all) {
    std::string why;
    if (exporter.why_not != nullptr) {
      why = exporter.why_not(c.question.problem);
    }
    if (why.empty() && dialect) why = put_to(*dialect, c);
    if (why.empty() && !ids.insert(c.question.id).second) {
      why = "the same as another";
    }
    if (why.empty()) {
      chosen.push_back(std::move(c));
    } else {
      ++left_out[why];
    }
  }
  return chosen;
}

// A recipe for each operation and format.
std::vector<OutputFile> recipes(const GenerateOptions& options) {
  if (options.shape.empty()) {
    throw UsageError("--format recipe: give a --shape");
  }
  if (!options.convention.empty()) {
    throw UsageError(
        "--convention: a recipe has the running variance in both ways");
  }
  const std::set<DType> given = chosen_dtypes(options.selection);
  std::vector<OutputFile> files;
  for (const Operation operation : chosen_operations(options)) {
    for (const DType dtype : kSuiteDTypes) {
      if (!given.empty() && !given.contains(dtype)) continue;
      Recipe recipe = {
          operation,       dtype, options.shape,         options.channel_axis,
          options.epsilon, {},    options.selection.seed};
      if (operation == Operation::forward_training) recipe.momentum = kMomentum;
      try {
        files.push_back(
            {file_name(recipe),
             write_recipe(recipe, {EXACTBN_VERSION, command(options)})});
      } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--shape: ") + error.what());
      } catch (const InvalidProblem& error) {
        throw UsageError(error.what());
      }
    }
  }
  return files;
}

// The folder, whole, and what to say of it.
int write_folder(const GenerateOptions& options, std::size_t cases,
                 const std::vector<OutputFile>& files, PartialFolder& folder) {
  std::size_t bytes = 0;
  for (const OutputFile& file : files) {
    folder.write(file.name, file.text);
    bytes += file.text.size();
  }
  folder.write(std::string(kManifest), manifest(files));
  folder.commit();
  fmt::print("{} cases in {} files, {} bytes, seed {}\n", cases, files.size(),
             bytes, options.selection.seed);
  return 0;
}

}  // namespace

int generate(const GenerateOptions& options) {
  if (options.format == kRecipe) {
    PartialFolder folder(options.out);
    const std::vector<OutputFile> files = recipes(options);
    return write_folder(options, files.size(), files, folder);
  }
  const Exporter& exporter = chosen_exporter(options.format);
  const std::string convention = chosen_convention(options, exporter);
  std::map<std::string, int> left_out;
  const std::vector<CommentedCase> chosen =
      expressible(questions(options), convention, exporter, left_out);
  for (const auto& [why, count] : left_out) {
    fmt::print("{} cases left out: {}\n", count, why);
  }
  if (chosen.empty()) throw UsageError("no case is left");
  PartialFolder folder(options.out);
  const std::vector<OutputFile> files = exporter.write(
      prove_each(chosen), {EXACTBN_VERSION, command(options), convention});
  return write_folder(options, chosen.size(), files, folder);
}

}  // namespace exactbn
