// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/dialect.h"

#include <fmt/format.h>

#include "golden/suite/case_id.h"
#include "golden/vector/prove.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

bool updates(const Problem& problem) {
  return problem.operation == Operation::forward_training &&
         (problem.find(Input::running_mean) != nullptr ||
          problem.find(Input::running_var) != nullptr);
}

bool is_valid(const Problem& problem) {
  try {
    require_valid(problem);
    return true;
  } catch (const InvalidProblem&) {
    return false;
  }
}

// ONNX attributes are f32.
bool takes_floats(const Convention& convention) {
  return convention.framework == "onnx";
}

bool is_float(double value) {
  return static_cast<double>(static_cast<float>(value)) == value;
}

// What the framework calls momentum: the nearest number that it can represent.
double momentum_in(const Convention& convention, double weight_of_new) {
  const double written = convention.momentum_is == MomentumIs::weight_of_old
                             ? 1 - weight_of_new
                             : weight_of_new;
  return takes_floats(convention) ? double{static_cast<float>(written)}
                                  : written;
}

void change(CommentedCase& question, const std::string& how) {
  question.question.id = case_id(question.question.problem);
  question.comment += " Asked with " + how + '.';
}

}  // namespace

std::optional<Convention> find_dialect(std::string_view framework) {
  auto found = find_convention(framework);
  if (found && found->momentum_is == MomentumIs::weight_of_old_sum) return {};
  return found;
}

std::vector<std::string_view> dialects() {
  std::vector<std::string_view> names;
  for (const Convention& convention : conventions()) {
    if (find_dialect(convention.framework)) {
      names.push_back(convention.framework);
    }
  }
  return names;
}

std::map<std::string, std::string, std::less<>> convention_semantics(
    const Convention& convention) {
  if (convention.momentum_is == MomentumIs::absent) {
    return {{"momentum", "none: no running statistics are kept"},
            {"running_variance", "none"}};
  }
  const bool biased = convention.running_var == VarianceDivisor::m;
  const bool old = convention.momentum_is == MomentumIs::weight_of_old;
  return {
      {"momentum",
       old ? "weight of the old statistic" : "weight of the new statistic"},
      {"running_variance",
       biased ? "takes the variance" : "takes the variance times m / (m - 1)"}};
}

std::string adapt_to(const Convention& convention, CommentedCase& question) {
  const StandardEnvironment environment;
  Problem& problem = question.question.problem;
  if (!is_valid(problem)) return {};
  if (takes_floats(convention) && !is_float(problem.epsilon)) {
    return "epsilon is not an f32 value";
  }
  if (!updates(problem)) return {};
  if (convention.momentum_is == MomentumIs::absent) {
    problem.inputs.erase(Input::running_mean);
    problem.inputs.erase(Input::running_var);
    problem.momentum = 0;
    problem.batches_tracked = 0;
    change(question, "no running statistics");
    return {};
  }
  if (!problem.momentum) {
    if (convention.framework == "pytorch") return {};
    return "no cumulative average";
  }
  const double asked = *problem.momentum;
  const double written = momentum_in(convention, asked);
  problem.momentum = converted_weight(convention, written);
  if (momentum_in(convention, *problem.momentum) != written) {
    return "momentum cannot be represented";
  }
  if (*problem.momentum != asked) {
    change(question,
           fmt::format("the nearest momentum of {}, {}", convention.framework,
                       to_hexfloat(round_to(written, DType::f64), DType::f64)));
  }
  return {};
}

std::optional<Dialect> dialect(const Vector& vector,
                               const Convention& convention) {
  const StandardEnvironment environment;
  const Problem& problem = vector.question.problem;
  if (!vector.expected.reject.empty() || !updates(problem)) return {};
  Dialect converted;
  if (problem.momentum) {
    converted.momentum = momentum_in(convention, *problem.momentum);
  }
  const auto biased = vector.variations.find("biased_running_variance");
  if (convention.running_var == VarianceDivisor::m &&
      biased != vector.variations.end()) {
    converted.outputs = biased->second.outputs;
  }
  return converted;
}

Vector in_dialect(const Vector& vector, const Convention& convention) {
  const StandardEnvironment environment;
  const auto converted = dialect(vector, convention);
  if (!converted) return vector;
  Vector other = vector;
  if (convention.running_var == VarianceDivisor::m) {
    Declaration biased;
    biased.running_variance = RunningVariance::biased;
    other = prove(vector.question, vector.comment, biased);
  }
  other.question.problem.momentum = converted->momentum;
  return other;
}

std::vector<VectorFile> dialect_files(const std::vector<Vector>& vectors,
                                      const Generator& generator) {
  const StandardEnvironment environment;
  const auto convention = find_dialect(generator.convention);
  if (!convention) return vector_files(vectors, generator);
  std::vector<Vector> others(vectors.size());
  parallel_for(std::ssize(vectors), true, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    others[at] = in_dialect(vectors[at], *convention);
  });
  std::vector<VectorFile> files = vector_files(others, generator);
  for (VectorFile& file : files) {
    file.semantics["convention"] = convention->framework;
    for (const auto& [what, how] : convention_semantics(*convention)) {
      file.semantics[what] = how;
    }
  }
  return files;
}

}  // namespace exactbn
