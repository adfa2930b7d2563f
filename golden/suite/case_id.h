// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "oracles/subject.h"

namespace exactbn {

// The 64-bit FNV-1a hash of numbers and text; the same on every machine.
class Fnv {
 public:
  // The lowest `bytes` bytes, the least significant first.
  void add(std::uint64_t value, int bytes = 8);
  // The length, then the characters.
  void add(std::string_view text);
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

// The hash of the whole problem: equal problems have equal hashes.
std::uint64_t content_hash(const Problem& problem);

// The operation, the format of x and 8 digits of the content hash:
// fwd-f32-9c1e4b7a. inf, bwd, bwi, jvp and dbw are the other operations.
std::string case_id(const Problem& problem);

}  // namespace exactbn
