// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/exactbn/options.h"

namespace exactbn {

// What is hunted for, in what, and how long.
struct HuntOptions {
  SubjectOptions subject;
  std::uint64_t seed = kCoreSeed;
  std::uint64_t cases = 2000;
  std::string time;  // "60s", "5m", "2h": no case begins after that
  // The one case to check, counted from 0.
  std::optional<std::uint64_t> only;
  std::string profile = "usual";
  std::vector<std::string> operations;  // all unless given
  std::vector<std::string> dtypes;
  std::vector<std::string> laws;  // with "oracle" among them
  bool distribution = false;
  std::string maximize;     // "y.eta": the worst is looked for, and no laws
  int counterexamples = 5;  // printed, shrunk, in full
  // Where these are kept, in the wire format.
  std::string save = "counterexamples.jsonl";
  Judging judging;
};

}  // namespace exactbn
