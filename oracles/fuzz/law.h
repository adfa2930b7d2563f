// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace exactbn {

// Aborts if a law of a fuzz target does not hold; the fuzzer then keeps the
// input.
inline void law(bool holds, const char* text) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", text);
  std::abort();
}

// The fuzzer's input as text.
inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace exactbn

// Every target defines this. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);
