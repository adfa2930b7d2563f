// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check/output_verdict.h"
#include "reference/rounded.h"

namespace exactbn {

// If values of a failed output are wrong in extreme channels: judges the others
// alone, and keeps the verdict on the extreme ones in `beyond`. Of an output
// that passes with a grade worse than `stable`, it drops the extreme channels
// that are not stable: the grade is that of the ordinary domain.
void judge_ordinary(const Problem& problem, const Judge& judge,
                    const Tensor& got, Grade required, Filter filter,
                    OutputVerdict& out);

// Checks channels of an output with one value per channel.
void check_channels(const Judge& judge, const Tensor& got, Grade required,
                    const Channels& channels, OutputVerdict& out);

}  // namespace exactbn
