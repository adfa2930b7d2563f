// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe.h"

#include <fmt/format.h>

#include <memory>

#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/write_file.h"

namespace exactbn {

namespace {

struct ProbeOptions {
  SubjectOptions subject;
  bool evidence = false;  // for every line, not only for those that disagree
  std::string json;
};

// Finds the conventions of a subject by experiment, and prints them.
int probe_subject(const ProbeOptions& options) {
  require_time_limit(options.subject);
  if (!options.json.empty()) require_writable(options.json);
  require_distinct({options.json}, {options.subject.name});
  require_subject("probe", options.subject);
  const std::unique_ptr<Subject> implementation = open_subject(options.subject);
  const Card card = probe(*implementation);
  if (!options.json.empty()) {
    Json json = card_json(card);
    json["environment"] = environment();
    write_file(options.json, report_text(json));
  }
  print("{}", card_text(card, options.evidence));
  const std::string at_exit = implementation->finish();
  if (at_exit.empty()) return exit_code(card);
  throw SubjectFailure(at_exit);
}

}  // namespace

Verb add_probe(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "probe", "find the conventions of an implementation by experiment");
  const auto options = std::make_shared<ProbeOptions>();
  add_subject(verb, options->subject, "question");
  add_declare(verb, options->subject.declare);
  verb.add_flag("--evidence", options->evidence,
                "print for every line what was asked and answered");
  add_json(verb, options->json);
  return {&verb, [options] { return probe_subject(*options); }};
}

}  // namespace exactbn
