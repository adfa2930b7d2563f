// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

inline constexpr std::string_view kManifest = "MANIFEST.sha256";

// A file: its name or path in the folder, and its content.
struct OutputFile {
  std::string name;
  std::string text;
};

// Files by name.
using Folder = std::map<std::string, std::string, std::less<>>;

// A line "digest  name" per file, as `sha256sum -c` reads it.
std::string manifest(const std::vector<OutputFile>& files);

// What is wrong with the manifest of a folder, or with a file according to it:
// one sentence each.
std::vector<std::string> check_manifest(const Folder& folder);

}  // namespace exactbn
