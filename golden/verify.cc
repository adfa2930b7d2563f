// SPDX-License-Identifier: Apache-2.0
#include "golden/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "golden/recipe.h"
#include "golden/suite/case_id.h"
#include "golden/suite/labels.h"
#include "golden/vector/dialect.h"
#include "golden/vector/prove.h"
#include "oracles/wire.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// What is wrong with a case; empty if nothing.
std::string check_vector(const Vector& vector, const VectorFile& file) {
  const Problem& problem = vector.question.problem;
  if (problem.operation != file.operation) {
    return "operation: differs from the file's";
  }
  if (problem.find(Input::x) == nullptr) return "inputs.x: missing";
  if (problem.x().dtype() != file.dtype) {
    return "inputs.x.dtype: differs from the file's";
  }
  if (vector.question.labels.empty()) return "labels: empty";
  for (const std::string& label : vector.question.labels) {
    if (!find_label(label)) return "labels: unknown label " + label;
  }
  Case question = vector.question;
  question.id = case_id(problem);
  Vector proved = prove(std::move(question), vector.comment);
  if (const auto convention = find_dialect(file.generator.convention)) {
    proved.dialect = dialect(proved, *convention);
  }
  return difference(vector, proved);
}

// What is wrong with the other fields of a file; empty if nothing.
std::string check_header(const std::string& name, VectorFile file) {
  if (name != file_name(file)) return "should be named " + file_name(file);
  const auto count = file.number_of_cases;
  const auto given_semantics = std::move(file.semantics);
  const auto given_labels = std::move(file.labels);
  const VectorFile proved = vector_file(file.operation, file.dtype,
                                        file.generator, std::move(file.cases));
  if (count != proved.number_of_cases) {
    return fmt::format("number_of_cases: {}, counted {}", count,
                       proved.number_of_cases);
  }
  if (given_semantics != proved.semantics) {
    return "semantics: differ from this version's";
  }
  if (given_labels != proved.labels) {
    return "labels: differ from the cases' labels or their descriptions";
  }
  return {};
}

std::int64_t count_values(const Vector& vector) {
  std::int64_t values = 0;
  for (const auto& [name, output] : vector.expected.outputs) {
    values += output.values.size();
  }
  for (const auto& [name, expected] : vector.variations) {
    for (const auto& [output, of] : expected.outputs) {
      values += of.values.size();
    }
  }
  return values;
}

// Calls read(); errors name the file.
template <class Read>
auto named(const std::string& name, Read read) {
  try {
    return read();
  } catch (const WireError& error) {
    throw WireError(fmt::format("{}: {}", name, error.what()));
  }
}

class Verifier {
 public:
  void add(const std::string& name, const std::string& text) {
    if (is_recipe(text)) {
      const RecipeProof proof =
          named(name, [&] { return prove_recipe(name, text); });
      ++result_.files;
      ++result_.cases;
      result_.values += proof.values;
      if (!proof.wrong.empty()) blame(name, proof.wrong);
      return;
    }
    const VectorFile file = named(name, [&] { return read_vectors(text); });
    std::vector<std::string> wrong(file.cases.size());
    parallel_for(std::ssize(wrong), true, [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      wrong[at] = check_vector(file.cases[at], file);
    });
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      const std::string& id = file.cases[i].question.id;
      if (wrong[i].empty() && !ids_.insert(id).second) {
        wrong[i] = "id: given twice";
      }
      if (wrong[i].empty()) {
        result_.values += count_values(file.cases[i]);
      } else {
        blame(name, fmt::format("case {}: {}", id, wrong[i]));
      }
    }
    ++result_.files;
    result_.cases += std::ssize(file.cases);
    const std::string header = check_header(name, file);
    if (!header.empty()) blame(name, header);
  }

  Verification take() { return std::move(result_); }

 private:
  void blame(const std::string& name, const std::string& what) {
    result_.wrong.push_back(fmt::format("{}: {}", name, what));
  }

  Verification result_;
  std::set<std::string, std::less<>> ids_;
};

}  // namespace

Verification verify(const Folder& folder) {
  const StandardEnvironment environment;
  Verifier verifier;
  for (const auto& [name, text] : folder) {
    if (name.ends_with(".json")) verifier.add(name, text);
  }
  Verification result = verifier.take();
  const std::vector<std::string> manifest = check_manifest(folder);
  result.wrong.insert(result.wrong.end(), manifest.begin(), manifest.end());
  if (result.files == 0) result.wrong.emplace_back("no .json file");
  return result;
}

}  // namespace exactbn
