// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "golden/export.h"
#include "tools/exactbn/commands/generate/options.h"

namespace exactbn {

// What is asked, with comments: of a suite, or an ordinary problem of the shape
// for each operation and format. Throws UsageError on an unknown suite,
// operation or format, an impossible shape, or where nothing is selected.
std::vector<CommentedCase> questions(const GenerateOptions& options);

// A recipe of the shape for each operation and format. Throws UsageError
// likewise.
std::vector<OutputFile> recipes(const GenerateOptions& options,
                                const Generator& generator);

}  // namespace exactbn
