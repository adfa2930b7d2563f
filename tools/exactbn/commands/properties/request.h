// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/survey.h"
#include "tools/exactbn/commands/properties/options.h"

namespace exactbn {

// What the flags ask for. Throws UsageError on a word that none of them has.
Request request_of(const HuntOptions& options);

// Operations and formats that a subject does not do are not drawn.
void leave_undeclared_out(Request& request, const Declaration& declared);

}  // namespace exactbn
