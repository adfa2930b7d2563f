// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "golden/export.h"
#include "tools/exactbn/commands/generate/options.h"

namespace exactbn {

// The format without vectors, for tensors too large to write down.
inline constexpr std::string_view kRecipe = "recipe";

// The exporter that --format names. Throws UsageError if there is none.
const Exporter& chosen_exporter(const std::string& name);

// The convention that the user asks for, or that the format prescribes; empty
// if neither. Throws UsageError on an unknown one, or if the two differ.
std::string chosen_convention(const GenerateOptions& options,
                              const Exporter& exporter);

// The cases that the convention and the format can express. Adds to `left_out`
// how many cases were left out for each reason.
std::vector<CommentedCase> expressible(std::vector<CommentedCase> all,
                                       const std::string& convention,
                                       const Exporter& exporter,
                                       std::map<std::string, int>& left_out);

}  // namespace exactbn
