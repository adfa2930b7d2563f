// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace exactbn {

// Ends the program where a law of a fuzz target does not hold: that is how a
// fuzzer learns that it has found something, and it keeps the input.
inline void law(bool holds, const char* text) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", text);
  std::abort();
}

// What a fuzzer hands over, as text.
inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace exactbn

// What every target defines. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);
