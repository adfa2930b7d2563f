// SPDX-License-Identifier: Apache-2.0
#pragma once

// clang++ and g++ each say in a way of their own that the address sanitizer is
// on.
#ifdef __SANITIZE_ADDRESS__
#define EXACTBN_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EXACTBN_SANITIZED
#endif
#endif

namespace exactbn {

#ifdef EXACTBN_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// How often a test draws that draws `all` times. Sanitizers make it several
// times slower, and look for wrong accesses and overflows, which are not as
// rare as the values that all draws are there to meet.
constexpr int trials(int all) {
  constexpr int kOneIn = 8;
  return kSanitized ? (all + kOneIn - 1) / kOneIn : all;
}

}  // namespace exactbn
