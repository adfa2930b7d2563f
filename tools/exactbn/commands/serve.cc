// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/serve.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "oracles/subjects/plugin.h"
#include "oracles/wire/json_line.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/serve/protocol.h"
#include "tools/exactbn/commands/subjects.h"

namespace exactbn {

namespace {

int serve_subject(const std::string& name) {
  Protocol protocol(name);
  try {
    const std::unique_ptr<Subject> subject = open_in_process(name);
    protocol.call(subject->declaration().subject);
    return serve(*subject, protocol.cases, protocol.answers);
  } catch (const LoadError& error) {
    // The parent process throws the LoadError again.
    protocol.answers << "{\"load_error\":" << wire::json_quoted(error.what())
                     << '}' << std::endl;
    return 2;
  }
}

}  // namespace

Verb add_serve(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "serve", "answer cases on standard input with a built-in or a plugin");
  const auto name = std::make_shared<std::string>();
  verb.add_option("SUBJECT", *name, "a built-in or a plugin")->required();
  return {&verb, [name] { return serve_subject(*name); }};
}

}  // namespace exactbn
