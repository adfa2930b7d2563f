// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/exactbn/options.h"

namespace exactbn {

// What to search for, in which cases, and how long.
struct PropertiesOptions {
  SubjectOptions subject;
  std::uint64_t seed = kCoreSeed;
  std::uint64_t cases = 2000;
  std::string time;  // "60s", "5m", "2h": no case starts after that
  // The only case to check, counted from 0.
  std::optional<std::uint64_t> only;
  std::string profile = "usual";
  std::vector<std::string> operations;  // empty: all
  std::vector<std::string> dtypes;      // the same
  std::vector<std::string> laws;        // the same; may contain "oracle"
  bool distribution = false;
  std::string maximize;     // "y.eta": maximize this, and check no laws
  int counterexamples = 5;  // to shrink and print in full
  // The file for the counterexamples, in the wire format.
  std::string save = "counterexamples.jsonl";
  Judging judging;
};

}  // namespace exactbn
