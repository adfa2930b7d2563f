// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/exact/channel.h"

namespace exactbn {

// The statistics that normalize a channel, and y. README.md derives them.
// invstd and y need root > 0.
Surd mean(const Channel& ch);
Surd variance(const Channel& ch);
// The batch variance divided by m - 1; needs m > 1.
Surd variance_unbiased(const Channel& ch);
Surd w_of(const Channel& ch);
Surd invstd(const Channel& ch);
Surd y_of(const Channel& ch, const Dyadic& x);

}  // namespace exactbn
