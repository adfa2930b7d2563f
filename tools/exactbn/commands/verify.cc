// SPDX-License-Identifier: Apache-2.0
#include "golden/verify.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "oracles/descriptor_stream.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/or_why.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

struct VerifyOptions {
  std::string folder;
  int errors = 20;  // to print
};

std::string read_file(const fs::path& path) {
  return or_why(path.string(), [&] {
    InputStream in(path.string());
    return read_all(in);
  });
}

Folder read_folder(const std::string& name) {
  Folder folder;
  std::error_code failure;
  fs::directory_iterator entry(name, failure);
  for (; !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    if (!entry->is_regular_file()) {
      throw UsageError(entry->path().string() + ": not a file");
    }
    folder.emplace(entry->path().filename().string(), read_file(entry->path()));
  }
  // An error ends the loop, too.
  if (failure) throw UsageError(name + ": " + failure.message());
  return folder;
}

// Proves a folder of known answers again, and prints what is wrong. Returns 0
// if nothing is, else 1.
int verify_folder(const std::string& name, int errors) {
  Verification result;
  try {
    result = verify(read_folder(name));
  } catch (const WireError& error) {
    throw UsageError(name + '/' + error.what());
  }
  const auto wrong = std::ssize(result.wrong);
  for (std::ptrdiff_t i = 0; i < std::min<std::ptrdiff_t>(wrong, errors); ++i) {
    print("WRONG {}\n", printable(result.wrong[static_cast<std::size_t>(i)]));
  }
  print("{} files, {} cases, {} values proved, {} wrong\n", result.files,
        result.cases, result.values, wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

Verb add_verify(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "verify", "prove a folder of known answers, value by value");
  const auto options = std::make_shared<VerifyOptions>();
  verb.add_option("DIR", options->folder, "a folder written by generate")
      ->required();
  add_errors(verb, options->errors, 1'000'000,
             "number of wrong values to print");
  return {&verb, [options] {
            return verify_folder(options->folder, options->errors);
          }};
}

}  // namespace exactbn
