// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// The declaration with what --declare and --domain say instead. Throws
// UsageError if a key or a value is unknown, or a key is given two values.
Declaration declared(const Declaration& declaration,
                     const DeclareOptions& options);

// The subject with that declaration.
std::unique_ptr<Subject> declared(std::unique_ptr<Subject> subject,
                                  const DeclareOptions& options);

// The flags again, with a leading space, for a command that repeats a run.
std::string as_flags(const DeclareOptions& options);

}  // namespace exactbn
