// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "golden/export.h"
#include "tools/exactbn/commands/generate/options.h"

namespace exactbn {

// Not of vectors: the values are too many to be written down.
inline constexpr std::string_view kRecipe = "recipe";

// That of --format. Throws UsageError where there is none.
const Exporter& chosen_exporter(const std::string& name);

// The convention that is asked for, or that the format has; empty if neither.
// Throws UsageError on an unknown one, or where the format has another.
std::string chosen_convention(const GenerateOptions& options,
                              const Exporter& exporter);

// Those that the convention and the format have; how many each reason leaves
// out is added to `left_out`.
std::vector<CommentedCase> expressible(std::vector<CommentedCase> all,
                                       const std::string& convention,
                                       const Exporter& exporter,
                                       std::map<std::string, int>& left_out);

}  // namespace exactbn
