// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/number/dyadic.h"

namespace exactbn {

// The exact number (p + q / sqrt(w)) / d with w > 0 and d > 0.
//
// Every output of batch normalization is a surd. With V = m^2 w = m S2 - S1^2 +
// m^2 eps the divisions by m cancel or collect in d, so that the four parts are
// dyadic: sums and products of the inputs, never fractions.
struct Surd {
  Dyadic p;
  Dyadic q;
  Dyadic w = 1;
  Dyadic d = 1;
};

// The sign of p + q / sqrt(w), from comparing p^2 w and q^2.
int sign(const Surd& s);

// The sign of s - c.
int compare(const Surd& s, const Dyadic& c);

Surd operator-(const Surd& s, const Dyadic& c);

// n = floor(|s| 2^k); inexact if |s| 2^k lies above n.
struct ScaledFloor {
  Integer n;
  bool inexact = false;
};
ScaledFloor scaled_floor(const Surd& s, std::int64_t k);

Surd absolute(const Surd& s);

// The leading bits of s > 0, floor(s 2^k): at least `bits` of them, or all down
// to 2^-limit.
struct Leading {
  ScaledFloor floor;
  std::int64_t k;
};
Leading leading_bits(const Surd& s, std::int64_t bits, std::int64_t limit);

// The exponent of the leading bit: 2^top <= |s| < 2^(top + 1). s is not 0.
std::int64_t leading_exponent(const Surd& s);

// |s - mid| <= rad.
struct Enclosure {
  Dyadic mid;
  Dyadic rad;
};

// The number with at most `bits` significant bits nearest to s, bits >= 1, and
// a bound on its distance from s: rad = 0 if they are equal, else a power of
// two with rad <= 2^-bits |s|.
Enclosure enclose(const Surd& s, int bits);

// s with a relative error of at most 2^-64, for reports and condition numbers;
// infinite or 0 only beyond the range of long double.
long double approximate(const Surd& s);

}  // namespace exactbn
