// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// How serious a failure is.
enum class Severity : std::uint8_t {
  serious,   // silently wrong numbers on data that training meets every day
  moderate,  // wrong on data that training meets now and then
  minor,     // a corner case, or a convention that should be documented
};

std::string_view to_string(Severity severity);

// Why a suite has a case.
struct Label {
  std::string_view name;
  std::string_view exposes;  // one sentence
  Severity severity;
  // Reports of such failures in real implementations: "pytorch#5410
  // caffe#3963".
  std::string_view threads{};
};

std::vector<std::string> threads(const Label& label);

std::span<const Label> labels();

// nullopt if no label has this name.
std::optional<Label> find_label(std::string_view name);

}  // namespace exactbn
