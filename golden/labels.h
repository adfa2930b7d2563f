// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace exactbn {

// How bad it is to fail a case.
enum class Severity : std::uint8_t {
  serious,   // silently wrong numbers on data that training meets every day
  moderate,  // wrong on data that training meets now and then
  minor,     // a corner, or a convention that ought to be documented
};

std::string_view to_string(Severity severity);

// Why a case is in a suite.
struct Label {
  std::string_view name;
  std::string_view exposes;  // one sentence
  Severity severity;
};

std::span<const Label> labels();

}  // namespace exactbn
