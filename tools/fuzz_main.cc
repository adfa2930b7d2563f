// SPDX-License-Identifier: Apache-2.0
// Hands each file of a folder to a fuzz target, where there is no fuzzer: what
// was once found stays mended, and targets stay in order.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "oracles/fuzz/law.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s\n", file.path().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()),
                           text.size());
    ++files;
  }
  return files == 0 ? 1 : 0;
}
