// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/probe/card.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

// The number of lines of a card, by outcome.
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
// with !, and followed by the declaration and the evidence. With `evidence`
// every line has its evidence.
std::string card_text(const Card& card, bool evidence);

// Schema exactbn/probe/1, without the environment.
Json card_json(const Card& card);

// 3 if the subject broke, else 1 if a line disagrees, else 0.
int exit_code(const Card& card);

}  // namespace exactbn
