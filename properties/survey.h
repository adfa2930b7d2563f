// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "properties/draw/problem.h"
#include "properties/law.h"

namespace exactbn {

// What is checked beside the laws: that the answer is right (oracles/check.h),
// and that there is one.
inline constexpr std::string_view kOracle = "oracle";
inline constexpr std::string_view kAnswers = "answers";

// Where subjects come from.
struct Source {
  std::function<std::unique_ptr<Subject>()> make;
  // Whether one can be made for every law of every case, on any thread, so that
  // nothing that a subject keeps goes from one to the next. Else one is made,
  // and asked everything in order.
  bool in_process = true;
};

struct Request {
  Hunt hunt;
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  // the first case
  std::uint64_t cases = 2000;
  std::optional<std::chrono::milliseconds> time;  // after which no case begins
  std::vector<const Law*> laws;
  bool oracle = true;
  Grade required = Grade::sequential;
  // Whether doubles with an error bound may decide that a law surely holds, or
  // an answer surely passes. The survey is the same without.
  Filter filter = Filter::on;
  // Asked now and then, by the thread that called; both may be empty.
  std::function<bool()> interrupted;
  std::function<void(std::uint64_t done, std::size_t broken)> progress;
};

// How often a law was found to hold, and how often not.
struct Tally {
  std::string law;
  std::uint64_t holds = 0;
  std::uint64_t broken = 0;
  std::uint64_t undecided = 0;
  std::uint64_t not_applicable = 0;
  // Of all these, how often answers that need not have the same bits had not.
  std::uint64_t other_bits = 0;

  bool operator==(const Tally&) const = default;
};

// The first case that breaks a law.
struct Discovery {
  std::uint64_t index = 0;
  Problem problem;
  Violation violation;
};

// How many cases were drawn of what, by kind.
using Distribution =
    std::map<std::string, std::map<std::string, std::uint64_t>>;

struct Survey {
  Declaration declaration;
  std::uint64_t done = 0;  // cases, from the first
  // Cases, by what came of them.
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t missing = 0;
  std::uint64_t undecided = 0;
  std::uint64_t unsupported = 0;
  bool broke = false;  // the subject crashed, hung or broke the protocol
  bool interrupted = false;
  std::vector<Tally> tallies;  // `answers`, the oracle, the laws
  // One of each law that is broken, in the order of their cases.
  std::vector<Discovery> discoveries;
  Distribution distribution;
  // How often the filter decided, and how often it could not.
  Trial::Counts counts;
};

// Draws cases and checks them, many at a time where the source allows it. The
// survey is the same for any number of threads. A subject that broke three
// times is not asked any more. Throws what the source does.
Survey survey(const Source& source, const Request& request);

}  // namespace exactbn
