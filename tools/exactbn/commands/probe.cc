// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe.h"

#include <fmt/format.h>

#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

int probe_subject(const SubjectOptions& subject, const ProbeOptions& options) {
  const std::unique_ptr<Subject> implementation = open_subject(subject);
  const Card card = probe(*implementation);
  if (!options.json.empty()) {
    nlohmann::ordered_json json = card_json(card);
    json["environment"] = environment();
    write_file(options.json, report_text(json));
  }
  fmt::print("{}", card_text(card, options.evidence));
  return exit_code(card);
}

}  // namespace exactbn
