// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "properties/law.h"

namespace exactbn::law {

std::span<const Law> statistics_laws();
std::span<const Law> invariance_laws();
std::span<const Law> gradient_laws();
std::span<const Law> second_order_laws();
std::span<const Law> running_laws();
std::span<const Law> mode_laws();
std::span<const Law> surroundings_laws();
std::span<const Law> composition_laws();

}  // namespace exactbn::law
