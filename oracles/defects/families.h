// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/defects.h"

namespace exactbn {

// Each is defined in the source file of its family.
std::span<const Defect> statistics_defects();
std::span<const Defect> arithmetic_defects();
std::span<const Defect> block_defects();
std::span<const Defect> layout_defects();
std::span<const Defect> running_defects();
std::span<const Defect> epsilon_defects();
std::span<const Defect> parameter_defects();
std::span<const Defect> backward_defects();
std::span<const Defect> second_order_defects();
std::span<const Defect> range_defects();
std::span<const Defect> state_defects();

}  // namespace exactbn
