// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// The declaration with what --declare, --convention and --domain say instead.
// Throws UsageError if a key, a value or a convention is unknown, or a key is
// given two values.
Declaration declared(const Declaration& declaration,
                     const DeclareOptions& options);

// Says on standard error, a line for each field but the domain, where the
// declaration differs from the subject's own.
void tell_overridden(const Declaration& own, const Declaration& declaration);

// The flags again, with a leading space, for a command that repeats a run.
std::string as_flags(const DeclareOptions& options);

}  // namespace exactbn
