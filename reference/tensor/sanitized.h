// SPDX-License-Identifier: Apache-2.0
#pragma once

// clang++ and g++ report the address sanitizer in different ways.
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

}  // namespace exactbn
