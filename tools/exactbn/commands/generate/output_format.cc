// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/generate/output_format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "golden/vector/dialect.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

const Exporter& chosen_exporter(const std::string& name) {
  const auto known = exporters();
  const auto it = std::find_if(known.begin(), known.end(),
                               [&](const auto& e) { return e.name == name; });
  if (it != known.end()) return *it;
  std::string problem = "--format: unknown format '" + name + "'; expected ";
  for (const Exporter& exporter : known) {
    if (&exporter != &known.front()) problem += ", ";
    problem += exporter.name;
  }
  throw UsageError(problem + fmt::format(", {}", kRecipe));
}

std::string chosen_convention(const GenerateOptions& options,
                              const Exporter& exporter) {
  const std::string& name = options.convention;
  if (name.empty()) return std::string(exporter.convention);
  if (!find_dialect(name)) {
    throw UsageError(
        fmt::format("--convention: unknown convention '{}'; expected {}", name,
                    fmt::join(dialects(), ", ")));
  }
  if (!exporter.convention.empty() && name != exporter.convention) {
    throw UsageError(fmt::format("--convention: --format {} uses that of {}",
                                 exporter.name, exporter.convention));
  }
  return name;
}

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
    if (why.empty() && dialect) why = adapt_to(*dialect, c);
    if (why.empty() && !ids.insert(c.question.id).second) {
      why = "identical to another";
    }
    if (why.empty()) {
      chosen.push_back(std::move(c));
    } else {
      ++left_out[why];
    }
  }
  return chosen;
}

}  // namespace exactbn
