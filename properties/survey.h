// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "properties/draw/problem.h"
#include "properties/law.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

// Checks besides the laws: the answer is right (oracles/check.h), and the
// subject answers at all.
inline constexpr std::string_view kOracle = "oracle";
inline constexpr std::string_view kAnswers = "answers";
// Not checked, but counted: a question is answered differently from run to run.
inline constexpr std::string_view kDiffers = "differs";

// Makes subjects.
struct Source {
  std::function<std::unique_ptr<Subject>()> make;
  // True: a new subject for every law of every case, on any thread, so that no
  // state passes from one to the next. False: one subject is asked everything
  // in order.
  bool in_process = true;

  // A new one, made in the floating-point environment of the caller.
  std::unique_ptr<Subject> subject() const {
    const CallersEnvironment environment;
    return make();
  }
};

// Where a law is broken.
struct BrokenLaw {
  std::string law;
  Operation operation = Operation::forward_training;
  DType dtype = DType::f64;  // of x

  auto operator<=>(const BrokenLaw&) const = default;
};

struct Request {
  DrawOptions draw;
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  // the first case
  std::uint64_t cases = 2000;
  std::optional<std::chrono::milliseconds> time;  // no case begins after it
  std::vector<const Law*> laws;
  bool oracle = true;
  Grade required = Grade::sequential;
  // What is known to be broken: it is counted, but not discovered, and a
  // subject that crashes so does not end the survey.
  std::set<BrokenLaw> known;
  // Whether the filter may decide, in floating point with an error bound, that
  // a law surely holds or an answer surely passes. It does not change the
  // survey.
  Filter filter = Filter::on;
  // Whether to stop, and report what was found. Called often, by any thread;
  // may be empty.
  std::function<bool()> interrupted;
  // Called between rounds by the calling thread; may be empty.
  std::function<void(std::uint64_t done, std::size_t broken)> progress;
};

inline bool is_stopped(const Request& request) {
  return request.interrupted && request.interrupted();
}

// The number of cases by result of a law.
struct Tally {
  std::string law;
  std::uint64_t held = 0;
  std::uint64_t broken = 0;
  std::uint64_t undecided = 0;
  std::uint64_t beyond = 0;
  std::uint64_t not_applicable = 0;
  // Cases in which bits differed that may differ.
  std::uint64_t other_bits = 0;

  bool operator==(const Tally&) const = default;
};

// The first case that breaks a law, where that is not known.
struct Discovery {
  std::uint64_t index = 0;
  Problem problem;
  Violation violation;
};

// The number of drawn cases, by kind and value of their traits.
using Distribution =
    std::map<std::string, std::map<std::string, std::uint64_t>>;

// The smallest case whose question is answered differently from run to run.
struct Differing {
  std::uint64_t index = 0;
  Problem problem;
};

struct Survey {
  Declaration declaration;
  std::uint64_t done = 0;  // cases, from the first
  // Cases by verdict.
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t missing = 0;
  std::uint64_t undecided = 0;
  std::uint64_t beyond = 0;
  std::uint64_t unsupported = 0;
  // Cases with a question that is answered differently from run to run; they
  // count as failed, but break no law.
  std::uint64_t differing = 0;
  std::optional<Differing> smallest_differing;
  // Failed cases in which all that is broken is known.
  std::uint64_t known = 0;
  // The subject crashed, hung or broke the protocol, which is not known.
  bool broke = false;
  bool gave_up = false;  // after three such cases
  bool interrupted = false;
  std::string at_exit;  // what it did wrong after its last answer; or empty
  std::vector<Tally> tallies;  // `answers`, the oracle, the laws
  std::set<BrokenLaw> broken;  // also what is known
  // One for each broken law, in the order of the cases.
  std::vector<Discovery> discoveries;
  Distribution distribution;
  // How many laws the filter decided, and how many it could not.
  Trial::Counts counts;
};

// Draws cases and checks them, in parallel if the source is in_process. The
// survey is the same for any number of threads. Stops after three crashes of
// the subject. Throws what the source throws.
Survey survey(const Source& source, const Request& request);

}  // namespace exactbn
