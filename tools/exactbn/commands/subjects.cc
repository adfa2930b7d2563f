// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/subjects.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "oracles/defects.h"
#include "oracles/hacks.h"
#include "oracles/subjects/declared.h"
#include "oracles/subjects/double.h"
#include "oracles/subjects/plugin.h"
#include "oracles/subjects/process.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/exactbn/held_signals.h"
#include "tools/exactbn/host.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "exactbn_";
constexpr std::string_view kDefect = "defect:";
constexpr std::string_view kHack = "hack:";

// Built-in subjects cannot crash, so they run in this process.
bool is_built_in(const std::string& name) {
  return name == "double" || name.starts_with(kDefect) ||
         name.starts_with(kHack);
}

const Hack& hack_of(const std::string& name) {
  const std::string hack = name.substr(kHack.size());
  if (const Hack* found = find_hack(hack)) return *found;
  throw UsageError("unknown hack '" + hack + "'; see `exactbn list hacks`");
}

const Defect& defect_of(const std::string& name) {
  const std::string defect = name.substr(kDefect.size());
  if (const Defect* found = find_defect(defect)) return *found;
  throw UsageError("unknown defect '" + defect +
                   "'; see `exactbn list defects`");
}

fs::path program() { return fs::read_symlink("/proc/self/exe"); }

// The folders where adapters are built, and where they are installed.
std::vector<fs::path> adapter_folders() {
  const fs::path bin = program().parent_path();
  return {bin / "adapters", bin.parent_path() / "lib" / "exactbn"};
}

fs::path adapter(const std::string& name) {
  for (const fs::path& folder : adapter_folders()) {
    fs::path file = folder / (std::string(kPrefix) + name + ".so");
    if (fs::exists(file)) return file;
  }
  return {};
}

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".so");
}

[[noreturn]] void fail_unknown(const std::string& name) {
  std::string known;
  for (const KnownSubject& subject : known_subjects()) {
    known += (known.empty() ? "" : ", ") + subject.name;
  }
  throw UsageError("unknown subject '" + name + "'; expected " + known +
                   ", a path to a plugin (./x.so), or --exec 'COMMAND'");
}

fs::path plugin_file(const std::string& name) {
  if (is_path(name)) {
    if (!fs::exists(name)) throw UsageError("no plugin at " + name);
    return fs::absolute(name);
  }
  fs::path file = adapter(name);
  if (file.empty()) fail_unknown(name);
  return file;
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

std::vector<KnownSubject> known_subjects() {
  std::vector<KnownSubject> known = {
      {"double", "the textbook in double precision, built in"},
      {"defect:NAME", "a defect of `exactbn list defects`, built in"},
      {"hack:NAME", "a hack of `exactbn list hacks`, built in"}};
  for (const fs::path& folder : adapter_folders()) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none)) {
      const std::string stem = entry.path().stem().string();
      if (!stem.starts_with(kPrefix) || entry.path().extension() != ".so") {
        continue;
      }
      known.push_back(
          {stem.substr(kPrefix.size()), "adapter " + entry.path().string()});
    }
  }
  std::sort(known.begin() + 3, known.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return known;
}

std::unique_ptr<Subject> open_in_process(const std::string& name) {
  if (name == "double") return std::make_unique<DoubleSubject>();
  if (name.starts_with(kHack)) {
    return std::make_unique<HackSubject>(hack_of(name));
  }
  if (is_built_in(name)) {
    return std::make_unique<DefectSubject>(defect_of(name));
  }
  return std::make_unique<PluginSubject>(plugin_file(name));
}

namespace {

bool is_of_host(const SubjectOptions& options) {
  const Host* const h = host();
  return h && h->open && options.command.empty() && options.name == h->name;
}

// Other subjects are processes, which take over signals and descriptors.
void require_host_may_open(const SubjectOptions& options) {
  if (!host() || is_of_host(options) || is_built_in(options)) return;
  throw UsageError(
      fmt::format("SUBJECT: {}: the library judges a function, double, "
                  "defect:NAME and hack:NAME; use the program for others",
                  as_argument(options)));
}

std::unique_ptr<Subject> as_it_declares(const SubjectOptions& options) {
  require_host_may_open(options);
  if (is_of_host(options)) return host()->open();
  if (is_built_in(options)) return open_in_process(options.name);
  // By default the OpenMP threads of a child process spin while they wait for
  // the next case, and take the cores from ours: a run is then six times as
  // slow. Our own threads have started, and no longer read this variable.
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  ProcessOptions limits;
  limits.case_limit = milliseconds(options.time_limit);
  limits.start_limit = limits.case_limit;
  limits.stopped = [] { return HeldSignals::pending() != 0; };
  if (!options.command.empty()) {
    return std::make_unique<ProcessSubject>(
        std::vector<std::string>{"/bin/sh", "-c", options.command}, limits);
  }
  limits.has_surroundings = true;
  return std::make_unique<ProcessSubject>(
      std::vector<std::string>{program().string(), "serve",
                               plugin_file(options.name).string()},
      limits);
}

}  // namespace

std::unique_ptr<Subject> open_subject(const SubjectOptions& options) {
  auto subject = as_it_declares(options);
  Declaration declaration = declared(subject->declaration(), options.declare);
  tell_overridden(subject->declaration(), declaration);
  return declared(std::move(subject), std::move(declaration));
}

std::unique_ptr<Subject> open_again(const SubjectOptions& options,
                                    const Declaration& declaration) {
  return declared(as_it_declares(options), declaration);
}

void require_known(const SubjectOptions& options) {
  if (!options.command.empty() || options.name == "double" ||
      is_of_host(options)) {
    return;
  }
  if (is_built_in(options.name)) {
    options.name.starts_with(kHack) ? void(hack_of(options.name))
                                    : void(defect_of(options.name));
  } else {
    plugin_file(options.name);
  }
}

bool is_built_in(const SubjectOptions& options) {
  return options.command.empty() && is_built_in(options.name);
}

std::string as_argument(const SubjectOptions& options) {
  const std::string subject = options.command.empty()
                                  ? shell_word(options.name)
                                  : "--exec " + shell_word(options.command);
  return subject + as_flags(options.declare);
}

}  // namespace exactbn
