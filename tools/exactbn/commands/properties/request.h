// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/survey.h"
#include "tools/exactbn/commands/properties/options.h"

namespace exactbn {

// The request that the flags describe. Throws UsageError on an unknown name.
Request request_of(const PropertiesOptions& options);

// Removes operations and formats that the subject does not declare.
void leave_undeclared_out(Request& request, const Declaration& declared);

}  // namespace exactbn
