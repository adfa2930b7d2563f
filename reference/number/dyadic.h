// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>

namespace exactbn {

using Integer =
    boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>,
                                  boost::multiprecision::et_off>;

// Number of bits of |n|; 0 for n = 0.
std::int64_t bit_length(const Integer& n);

// n * 2^shift, rounded toward zero if shift < 0.
Integer shifted(const Integer& n, std::int64_t shift);

// The exact number n * 2^e. Every finite binary floating-point number is
// dyadic, and so are sums and products. There is no division, hence no fraction
// to reduce.
struct Dyadic {
  Integer n = 0;
  std::int64_t e = 0;

  Dyadic() = default;
  Dyadic(std::int64_t value) : n(value) {}  // NOLINT: implicit on purpose
  Dyadic(Integer n_, std::int64_t e_) : n(std::move(n_)), e(e_) {}

  int sign() const { return n.sign(); }
  Dyadic operator-() const { return {-n, e}; }
  Dyadic& operator+=(const Dyadic& b);
};

Dyadic operator+(const Dyadic& a, const Dyadic& b);
Dyadic operator-(const Dyadic& a, const Dyadic& b);
Dyadic operator*(const Dyadic& a, const Dyadic& b);

// Sign of a - b.
int compare(const Dyadic& a, const Dyadic& b);
bool operator==(const Dyadic& a, const Dyadic& b);

// The exact value of a finite double. Throws std::invalid_argument otherwise.
Dyadic dyadic(double value);

}  // namespace exactbn
