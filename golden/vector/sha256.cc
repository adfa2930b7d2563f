// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/sha256.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

#include "reference/number/dyadic.h"

namespace exactbn {

namespace {

using State = std::array<std::uint32_t, 8>;
constexpr std::size_t kBlock = 64;  // bytes
constexpr std::size_t kRounds = 64;

// The first 32 bits of the fractional parts of the cube roots of the first 64
// primes, and of the square roots of the first 8 (FIPS 180-4, 4.2.2 and 5.3.3):
// the largest r with r^n <= prime 2^(32 n), without its upper bits.
std::uint32_t root_fraction(std::uint64_t prime, unsigned n) {
  const Integer bound = Integer(prime) << 32 * n;
  std::uint64_t root = 0;
  for (int bit = 37; bit-- > 0;) {
    const std::uint64_t next = root | std::uint64_t{1} << bit;
    if (pow(Integer(next), n) <= bound) root = next;
  }
  return static_cast<std::uint32_t>(root);
}

constexpr std::array<std::uint64_t, kRounds> kPrimes = [] {
  std::array<std::uint64_t, kRounds> primes{};
  std::size_t found = 0;
  for (std::uint64_t n = 2; found < primes.size(); ++n) {
    bool prime = true;
    for (std::size_t i = 0; i < found; ++i) prime &= n % primes[i] != 0;
    if (prime) primes[found++] = n;
  }
  return primes;
}();

const std::array<std::uint32_t, kRounds>& round_constants() {
  static const auto constants = [] {
    std::array<std::uint32_t, kRounds> k{};
    for (std::size_t i = 0; i < k.size(); ++i) {
      k[i] = root_fraction(kPrimes[i], 3);
    }
    return k;
  }();
  return constants;
}

State initial_state() {
  State h{};
  for (std::size_t i = 0; i < h.size(); ++i) {
    h[i] = root_fraction(kPrimes[i], 2);
  }
  return h;
}

// FIPS 180-4, 6.2.2.
void add_block(State& state, const char* block) {
  using std::rotr;
  std::array<std::uint32_t, kRounds> w{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<unsigned char>(block[i]);
    w[i / 4] = w[i / 4] << 8 | byte;
  }
  for (std::size_t t = 16; t < kRounds; ++t) {
    const std::uint32_t x = w[t - 15];
    const std::uint32_t y = w[t - 2];
    w[t] = (rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10)) + w[t - 7] +
           (rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)) + w[t - 16];
  }
  const auto& k = round_constants();
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < kRounds; ++t) {
    const std::uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                             ((e & f) ^ (~e & g)) + k[t] + w[t];
    const std::uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) +
                             ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const State added = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += added[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
  State state = initial_state();
  const std::size_t whole = bytes.size() / kBlock * kBlock;
  for (std::size_t at = 0; at < whole; at += kBlock) {
    add_block(state, bytes.data() + at);
  }
  // The remaining bytes, a 1 bit, zeros, and the number of bits in 8 bytes.
  std::string tail(bytes.substr(whole));
  tail += static_cast<char>(0x80);
  while (tail.size() % kBlock != kBlock - 8) tail += '\0';
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) {
    tail += static_cast<char>(bits >> shift);
  }
  for (std::size_t at = 0; at < tail.size(); at += kBlock) {
    add_block(state, tail.data() + at);
  }
  std::string hex;
  for (const std::uint32_t word : state) hex += fmt::format("{:08x}", word);
  return hex;
}

}  // namespace exactbn
