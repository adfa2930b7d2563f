// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target on each file of a folder, without a fuzzer: a regression
// test of bugs that were found, and of the target itself.
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
