// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// The distance from a rounded value to the exact one, truncated toward zero:
// exact = rounded + (negative ? -1 : 1) size 2^-64 ulp, plus less than another
// 2^-64 ulp. The ulp is the distance from the rounded value to the next larger
// magnitude, so a tie has size 2^63.
struct Residual {
  bool negative = false;
  std::uint64_t size = 0;

  bool operator==(const Residual&) const = default;
};

// How a value is judged.
enum class Judged : char {
  value = 'v',      // error < ulp, or <= ulp / 2 + eta_limit unit
  same = 's',       // the same infinity or number, or any NaN if it is NaN
  nonfinite = 'f',  // any NaN or infinity
  // The data are too ill-conditioned to count a value as wrong.
  undecided = 'u',
};

// What is expected of one output. Each list has an element per value, in
// row-major order.
struct ExpectedOutput {
  Tensor values;  // correctly rounded
  std::vector<Residual> residuals;
  // The error beyond half an ulp per unit of eta, up to the limit: u cond, plus
  // terms of higher order and of underflow. Three decimal digits, rounded up. 0
  // if `judged` is not `value`.
  std::vector<double> units;
  double eta_limit = 0;  // for the grade `sequential`, rounded up to 4 decimals
  std::vector<Judged> judged;
  // The exact value as "n" or "n/d" if that is short, else empty.
  std::vector<std::string> exact;

  bool operator==(const ExpectedOutput&) const = default;
};

// A right answer: outputs by name, or, if `reject` says why, a refusal of the
// input.
struct Expected {
  std::string reject;
  std::map<Output, ExpectedOutput> outputs;

  bool operator==(const Expected&) const = default;
};

// What a framework calls momentum, and the outputs that differ from `expected`
// in its convention; see dialect.h.
struct Dialect {
  std::optional<double> momentum;
  std::map<Output, ExpectedOutput> outputs;

  bool operator==(const Dialect&) const = default;
};

// A case with its proved answer. If several answers are documented,
// `variations` has the others by name, with only the outputs that differ from
// `expected`.
struct Vector {
  Case question;
  std::string comment;
  Expected expected;
  std::map<std::string, Expected, std::less<>> variations;
  // Present if the file has a convention and the case updates running
  // statistics.
  std::optional<Dialect> dialect;

  bool operator==(const Vector&) const = default;
};

}  // namespace exactbn
