// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  // Where real implementations failed so: "pytorch#5410 caffe#3963".
  std::string_view threads{};
};

std::vector<std::string> threads(const Label& label);

std::span<const Label> labels();

// Nothing where no label has the name.
std::optional<Label> find_label(std::string_view name);

}  // namespace exactbn
