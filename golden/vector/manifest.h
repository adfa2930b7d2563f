// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

inline constexpr std::string_view kManifest = "MANIFEST.sha256";

// A file of a folder, by its name there, or its path.
struct OutputFile {
  std::string name;
  std::string text;
};

// Files by name.
using Folder = std::map<std::string, std::string, std::less<>>;

// A line "digest  name" a file, as `sha256sum -c` reads it.
std::string manifest(const std::vector<OutputFile>& files);

// What is wrong with the manifest of a folder, or what it says to be wrong with
// a file, a sentence each.
std::vector<std::string> check_manifest(const Folder& folder);

}  // namespace exactbn
