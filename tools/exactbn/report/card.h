// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/probe/card.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

// How many lines of a card are what.
struct CardCounts {
  int lines = 0;
  int disagree = 0;
  int not_told = 0;
  int not_offered = 0;
};
CardCounts count(const Card& card);

// "36 lines, 1 disagrees with the declaration, 2 cannot be told, 5 not offered"
std::string to_string(const CardCounts& counts);

// The card in lines of at most 100 columns. A line that disagrees is marked
// with !, has what is declared, and its evidence; with `evidence` all have it.
std::string card_text(const Card& card, bool evidence);

// Schema exactbn/probe/1, but for the environment.
Json card_json(const Card& card);

// 3 where the subject broke, else 1 where a line disagrees, else 0.
int exit_code(const Card& card);

}  // namespace exactbn
