// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/judge.h"

namespace exactbn {

// Why no kernel must be right about this output in this channel: an
// intermediate that some sound algorithm forms leaves the range of the format
// that it is computed in, as in "the sum of x^2 overflows f32". Empty if the
// channel is ordinary. bounds.md, "The domain", lists the intermediates.
//
// Takes a pass over the channel.
std::string why_extreme(const Judge& judge, Output output,
                        std::int64_t channel);

}  // namespace exactbn
