// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "golden/export.h"
#include "tools/exactbn/commands/generate/options.h"

namespace exactbn {

// The cases to answer, with comments: those of a suite, or an ordinary problem
// of the shape for each operation and format. Throws UsageError on an unknown
// suite, operation or format, on an impossible shape, or if no case is
// selected.
std::vector<CommentedCase> questions(const GenerateOptions& options);

// A recipe of the shape for each operation and format. Throws the same errors,
// and if there is no shape or a convention.
std::vector<OutputFile> recipes(const GenerateOptions& options,
                                const Generator& generator);

}  // namespace exactbn
