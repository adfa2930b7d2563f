// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// The finding about one convention of a subject.
struct CardLine {
  std::string id;        // snake_case: "momentum_side", "single_value", ...
  std::string title;     // "weight of the new statistic"
  std::string found;     // "momentum", "1 - momentum", or a constant below
  std::string declared;  // by the declaration or, if it cannot say, by the wire
                         // format; empty: neither says anything
  bool agrees = true;    // false only if `declared` says something else
  std::string evidence;  // the questions and answers, in one line
  // Whether a subject that disagrees gives wrong answers to ordinary questions.
  bool matters = false;
};

// Values of `found`. The first two agree with every declaration.
inline constexpr std::string_view kNotOffered = "not offered";
inline constexpr std::string_view kCannotTell = "cannot be told";
inline constexpr std::string_view kSomethingElse = "something else";

// The conformance card of a subject.
struct Card {
  std::string subject;
  std::vector<CardLine> lines;
  int broke = 0;  // experiments in which the subject crashed or hung
};

}  // namespace exactbn
