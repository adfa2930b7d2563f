// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "golden/case_id.h"
#include "golden/manifest.h"
#include "tools/exactbn/cases.h"
#include "tools/exactbn/commands.h"
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
  for (const std::string& name : options.operations) add("--operation", name);
  for (const std::string& name : selection.dtypes) add("--dtype", name);
  if (!selection.filter.empty()) add("--filter", selection.filter);
  add("--seed", std::to_string(selection.seed));
  return text;
}

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
  throw UsageError(problem);
}

}  // namespace

int generate(const GenerateOptions& options) {
  const Exporter& exporter = chosen_exporter(options.format);
  const std::vector<CommentedCase> chosen = questions(options);
  PartialFolder folder(options.out);
  const std::vector<OutputFile> files =
      exporter.write(prove_each(chosen), {EXACTBN_VERSION, command(options)});
  std::size_t bytes = 0;
  for (const OutputFile& file : files) {
    folder.write(file.name, file.text);
    bytes += file.text.size();
  }
  folder.write(std::string(kManifest), manifest(files));
  folder.commit();
  fmt::print("{} cases in {} files, {} bytes, seed {}\n", chosen.size(),
             files.size(), bytes, options.selection.seed);
  return 0;
}

}  // namespace exactbn
