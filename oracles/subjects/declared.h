// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "oracles/subject.h"

namespace exactbn {

// The subject with another declaration. If that says that momentum is the
// weight of the old statistic, the subject is sent 1 - momentum, so that it
// answers the question that is meant; a question whose 1 - momentum no f64
// holds is answered `unsupported`.
std::unique_ptr<Subject> declared(std::unique_ptr<Subject> subject,
                                  Declaration declaration);

}  // namespace exactbn
