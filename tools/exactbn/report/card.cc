// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/card.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/mismatch/lines.h"
#include "oracles/printable.h"
#include "oracles/probe.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/wrapped.h"

namespace exactbn {

CardCounts count(const Card& card) {
  CardCounts counts;
  for (const CardLine& line : card.lines) {
    ++counts.lines;
    if (!line.agrees) ++counts.disagree;
    if (line.found == kCannotTell) ++counts.not_told;
    if (line.found == kNotOffered) ++counts.not_offered;
  }
  return counts;
}

std::string to_string(const CardCounts& c) {
  return fmt::format(
      "{} lines, {} with the declaration, {} cannot be told, {} not offered",
      c.lines,
      c.disagree == 0   ? "none disagrees"
      : c.disagree == 1 ? "1 disagrees"
                        : fmt::format("{} disagree", c.disagree),
      c.not_told, c.not_offered);
}

std::string card_text(const Card& card, bool evidence) {
  std::string text =
      cut_line(card.subject + "   conventions found by experiment");
  text += '\n';
  std::size_t titles = 0;
  for (const CardLine& line : card.lines) {
    titles = std::max(titles, line.title.size());
  }
  for (const CardLine& line : card.lines) {
    const char mark = line.agrees ? ' ' : '!';
    text += wrapped(fmt::format("{} {:<{}}  ", mark, line.title, titles),
                    line.found);
    if (!line.agrees) text += wrapped("      declared  ", line.declared);
    const bool open = !line.agrees || line.found == kCannotTell;
    if ((evidence || open) && !line.evidence.empty()) {
      text += wrapped("      evidence  ", line.evidence);
    }
  }
  return text + '\n' + to_string(count(card)) + '\n';
}

Json card_json(const Card& card) {
  Json lines = Json::array();
  for (const CardLine& line : card.lines) {
    lines.push_back({{"id", line.id},
                     {"title", line.title},
                     {"found", line.found},
                     {"declared", line.declared},
                     {"agrees", line.agrees},
                     {"evidence", line.evidence}});
  }
  const CardCounts counts = count(card);
  return {{"schema", "exactbn/probe/1"},
          {"subject", card.subject},
          {"summary",
           {{"lines", counts.lines},
            {"disagree", counts.disagree},
            {"cannot_be_told", counts.not_told},
            {"not_offered", counts.not_offered},
            {"broke", card.broke}}},
          {"lines", std::move(lines)}};
}

int exit_code(const Card& card) {
  if (card.broke > 0) return 3;
  return count(card).disagree > 0 ? 1 : 0;
}

}  // namespace exactbn
