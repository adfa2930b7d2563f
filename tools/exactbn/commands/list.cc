// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "golden/suite/labels.h"
#include "oracles/defects.h"
#include "oracles/hacks.h"
#include "oracles/judge/domain.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "properties/survey.h"
#include "tools/exactbn/challenge/families.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct ListOptions {
  std::string what;
  Selection selection;
  bool wire = false;    // cases as lines of the wire format
  bool domain = false;  // and which outputs are extreme
  DeclareOptions declare;
};

// A line for each output that is extreme for a subject with the declaration,
// with the reason in the first of its channels: a wrong value there is
// `beyond`.
void list_extremes(const Case& c, const Declaration& declaration) {
  if (why_unsupported(declaration, c.problem)) return;
  const Judge judge(c.problem, declaration);
  for (const Output output : output_names(c.problem)) {
    std::int64_t extreme = 0;
    std::string why;
    const std::int64_t channels = c.problem.view().channels;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      std::string here = why_extreme(judge, output, channel);
      if (here.empty()) continue;
      if (extreme++ == 0) why = std::move(here);
    }
    if (extreme == 0) continue;
    print("    extreme  {}, {} of {} channels: {}\n", to_string(output),
          extreme, channels, why);
  }
}

void list_case(const Case& c) {
  const Problem& problem = c.problem;
  std::string labels;
  for (const std::string& label : c.labels) {
    labels += (labels.empty() ? "" : ", ") + label;
  }
  print("{:<18} {:<18} {:<4} {:<14} axis {}  {}\n", printable(c.id),
        to_string(problem.operation), format(problem.x().dtype()).name,
        to_string(problem.x().shape()), problem.channel_axis, labels);
}

int list(const ListOptions& options) {
  const std::string& what = options.what;
  if (what == "subjects") {
    for (const KnownSubject& s : known_subjects()) {
      print("{:<12} {}\n", s.name, s.what);
    }
  } else if (what == "suites") {
    for (const SuiteName& s : suites()) print("{:<12} {}\n", s.name, s.what);
  } else if (what == "labels") {
    for (const Label& label : labels()) {
      print("{:<24} {:<9} {}\n", label.name, to_string(label.severity),
            label.exposes);
    }
  } else if (what == "defects") {
    for (const Defect& d : defects()) {
      const std::string thread =
          d.thread.empty() ? "" : fmt::format("  ({})", d.thread);
      print("{:<34} {:<13} {}{}\n", d.name, d.family, d.what, thread);
    }
  } else if (what == "hacks") {
    for (const Hack& hack : hacks()) {
      print("{:<38} {:<11} {}\n", hack.name, hack.family, hack.what);
    }
  } else if (what == "families") {
    for (const Family& family : families()) {
      print("{:<12} {:<9} {}\n", family.name,
            fmt::format("weight {}", family.weight), family.what);
    }
  } else if (what == "laws") {
    print("{:<28} {:<12} {}\n", kOracle, "",
          "every value passes, as in `validate`");
    for (const Law& law : laws()) {
      print("{:<28} {:<12} {}  ({})\n", law.name, law.family, law.statement,
            law.source);
    }
  } else if (what == "cases") {
    Declaration any;
    any.subject = "any";
    const Declaration declaration = declared(any, options.declare);
    for (const Case& c : select_cases(options.selection)) {
      if (options.wire) {
        print("{}\n", write_case(c));
      } else {
        list_case(c);
        if (options.domain) list_extremes(c, declaration);
      }
    }
  } else {
    throw UsageError("list: unknown '" + what +
                     "'; expected subjects, suites, cases, labels, defects, "
                     "laws, hacks, families");
  }
  return 0;
}

}  // namespace

Verb add_list(CLI::App& program) {
  constexpr const char* kWhat =
      "subjects, suites, cases, labels, defects, laws, hacks or families";
  CLI::App& verb = *program.add_subcommand(
      "list", "list subjects, suites, cases, labels, defects, laws, ...");
  const auto options = std::make_shared<ListOptions>();
  verb.add_option("WHAT", options->what, kWhat)->required();
  add_selection(verb, options->selection);
  auto* wire =
      verb.add_flag("--wire", options->wire, "print cases in the wire format");
  verb.add_flag("--domain", options->domain,
                "print below each case the outputs that are extreme, and why; "
                "with --declare for a subject that declares this")
      ->excludes(wire);
  add_declare(verb, options->declare);
  return {&verb, [options] { return list(*options); }};
}

}  // namespace exactbn
