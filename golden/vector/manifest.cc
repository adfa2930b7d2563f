// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/manifest.h"

#include <fmt/format.h>

#include <sstream>

#include "golden/vector/sha256.h"
#include "oracles/descriptor_stream.h"

namespace exactbn {

std::string manifest(const std::vector<OutputFile>& files) {
  std::string text;
  for (const OutputFile& file : files) {
    text += fmt::format("{}  {}\n", sha256(file.text), file.name);
  }
  return text;
}

std::vector<std::string> check_manifest(const Folder& folder) {
  std::vector<std::string> wrong;
  const auto blame = [&](std::string_view file, std::string_view what) {
    wrong.push_back(fmt::format("{}: {}", file, what));
  };
  const auto it = folder.find(kManifest);
  if (it == folder.end()) {
    blame(kManifest, "missing");
    return wrong;
  }
  Folder unlisted = folder;
  unlisted.erase(unlisted.find(kManifest));
  std::istringstream lines(it->second);
  for (std::string line; read_line(lines, line);) {
    const std::size_t gap = line.find("  ");
    const std::string name =
        gap == std::string::npos ? line : line.substr(gap + 2);
    const auto file = folder.find(name);
    if (file == folder.end()) {
      blame(kManifest, fmt::format("no such file: '{}'", name));
    } else if (unlisted.erase(name) == 0) {
      blame(kManifest, fmt::format("'{}' is listed twice", name));
    } else if (line != sha256(file->second) + "  " + name) {
      blame(name, fmt::format("digest differs from {}", kManifest));
    }
  }
  for (const auto& [name, text] : unlisted) {
    blame(name, fmt::format("not listed in {}", kManifest));
  }
  return wrong;
}

}  // namespace exactbn
