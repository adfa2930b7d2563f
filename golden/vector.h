// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// What lies between a rounded value and the exact one, toward zero: exact =
// rounded + (negative ? -1 : 1) size 2^-64 ulp, and less than another 2^-64
// ulp. The ulp is that of the rounded value, the distance to the next larger
// magnitude, so that a tie has the size 2^63.
struct Residual {
  bool negative = false;
  std::uint64_t size = 0;

  bool operator==(const Residual&) const = default;
};

// How a value is judged.
enum class Judged : char {
  value = 'v',      // nearer than an ulp, or than ulp / 2 + eta_limit unit
  same = 's',       // the same infinity or number, or any NaN where it is NaN
  nonfinite = 'f',  // any NaN or infinity
  // As ill-conditioned as to say nothing against a value that is not right.
  undecided = 'u',
};

// What is expected of one output: an element of each list a value, in row-major
// order.
struct ExpectedOutput {
  Tensor values;  // correctly rounded
  std::vector<Residual> residuals;
  // The error beyond half an ulp per unit of eta, up to the limit: u cond, and
  // what of higher order and of underflow there is. Three decimal digits,
  // rounded up. 0 where `judged` is not `value`.
  std::vector<double> units;
  double eta_limit = 0;  // of the grade `sequential`, rounded up to 4 decimals
  std::vector<Judged> judged;
  // The exact value as "n" or "n/d" where that is short, else empty.
  std::vector<std::string> exact;

  bool operator==(const ExpectedOutput&) const = default;
};

// An answer that is right: outputs by name, or, where `reject` says why, that
// the input is refused.
struct Expected {
  std::string reject;
  std::map<Output, ExpectedOutput> outputs;

  bool operator==(const Expected&) const = default;
};

// What a framework calls momentum, and the outputs that are not as in
// `expected` in its convention; see dialect.h.
struct Dialect {
  std::optional<double> momentum;
  std::map<Output, ExpectedOutput> outputs;

  bool operator==(const Dialect&) const = default;
};

// A known answer. Where several answers are documented, `variations` has the
// others by name, with just the outputs that are not as in `expected`.
struct Vector {
  Case question;
  std::string comment;
  Expected expected;
  std::map<std::string, Expected, std::less<>> variations;
  // In a file that has a convention, where the case has running statistics.
  std::optional<Dialect> dialect;

  bool operator==(const Vector&) const = default;
};

}  // namespace exactbn
