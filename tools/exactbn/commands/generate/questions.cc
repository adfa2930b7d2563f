// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/generate/questions.h"

#include <algorithm>

#include "golden/recipe.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

std::vector<Operation> chosen_operations(const GenerateOptions& options) {
  std::vector<Operation> chosen;
  for (const std::string& name : options.operations) {
    const auto operation = parse_operation(name);
    if (!operation)
      throw UsageError("--operation: unknown operation '" + name + "'");
    chosen.push_back(*operation);
  }
  if (chosen.empty()) chosen.assign(kOperations.begin(), kOperations.end());
  return chosen;
}

// Calls `make` for each operation and format that is wanted.
template <class Make>
void for_each_problem(const GenerateOptions& options, const Make& make) {
  const std::vector<DType> dtypes = chosen_dtypes(options.selection.dtypes);
  for (const Operation operation : chosen_operations(options)) {
    for (const DType dtype : suite::kSuiteDTypes) {
      if (!is_chosen(dtypes, dtype)) continue;
      try {
        make(operation, dtype);
      } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--shape: ") + error.what());
      } catch (const InvalidProblem& error) {
        throw UsageError(error.what());
      }
    }
  }
}

std::vector<CommentedCase> drawn(const GenerateOptions& options) {
  suite::Suite source(options.selection.seed);
  for_each_problem(options, [&](Operation operation, DType dtype) {
    Problem p = source.draw("AsRequested", operation, dtype, options.shape,
                            options.channel_axis);
    p.epsilon = options.epsilon;
    source.add(std::move(p), {"AsRequested"});
  });
  return commented(source.take());
}

}  // namespace

std::vector<CommentedCase> questions(const GenerateOptions& options) {
  if (!options.shape.empty()) return drawn(options);
  const Selection& selection = options.selection;
  if (selection.suite != "corpus" && selection.suite != "core") {
    throw UsageError("--suite: unknown suite '" + selection.suite +
                     "'; expected core, corpus");
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

std::vector<OutputFile> recipes(const GenerateOptions& options,
                                const Generator& generator) {
  if (options.shape.empty()) {
    throw UsageError("--format recipe: needs a --shape");
  }
  if (!options.convention.empty()) {
    throw UsageError("--convention: a recipe contains both running variances");
  }
  std::vector<OutputFile> files;
  for_each_problem(options, [&](Operation operation, DType dtype) {
    Recipe recipe = {
        operation,       dtype, options.shape,         options.channel_axis,
        options.epsilon, {},    options.selection.seed};
    if (operation == Operation::forward_training)
      recipe.momentum = suite::kMomentum;
    files.push_back({file_name(recipe), write_recipe(recipe, generator)});
  });
  return files;
}

}  // namespace exactbn
