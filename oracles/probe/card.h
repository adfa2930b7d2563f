// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// What was found out about one convention of a subject, by experiment.
struct CardLine {
  std::string id;     // snake_case: "momentum_side", "single_value", ...
  std::string title;  // "weight of the new batch in a running average"
  std::string found;  // "momentum", "1 - momentum", or one of the words below
  std::string declared;  // as the declaration has it, or, of what it cannot
                         // say, the wire format; empty: neither says anything
  bool agrees = true;    // false only where it says something else
  std::string evidence;  // what was asked and answered, in a line
};

// Words of `found`. Neither of the first two disagrees with anything.
inline constexpr std::string_view kNotOffered = "not offered";
inline constexpr std::string_view kCannotTell = "cannot be told";
inline constexpr std::string_view kSomethingElse = "something else";

// The conformance card of a subject.
struct Card {
  std::string subject;
  std::vector<CardLine> lines;
  int broke = 0;  // how many experiments the subject crashed or hung in
};

}  // namespace exactbn
