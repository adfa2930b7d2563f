// SPDX-License-Identifier: Apache-2.0
// The reader of manifests judges any bytes, and accepts only the lines that
// manifest() writes, in any order.
#include <algorithm>

#include "golden/vector/manifest.h"
#include "oracles/fuzz/law.h"

namespace exactbn {
namespace {

std::string sorted_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.push_back(std::string(line) + '\n');
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  std::sort(lines.begin(), lines.end());
  std::string sorted;
  for (const std::string& line : lines) sorted += line;
  return sorted;
}

}  // namespace
}  // namespace exactbn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exactbn;  // NOLINT(google-build-using-namespace)
  const std::vector<OutputFile> files = {{"a.json", "a"}, {"b.json", ""}};
  Folder folder;
  for (const OutputFile& file : files) folder[file.name] = file.text;
  const std::string_view text = as_text(data, size);
  folder[std::string(kManifest)] = text;
  const bool right = check_manifest(folder).empty();
  law(right == (sorted_lines(text) == sorted_lines(manifest(files))),
      "only the correct manifest passes");
  return 0;
}
