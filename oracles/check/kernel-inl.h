// SPDX-License-Identifier: Apache-2.0
// Tests a vector of values at a time for being within half an ulp or within
// tolerance. Highway includes this file once per instruction set.
#if defined(EXACTBN_CHECK_KERNEL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef EXACTBN_CHECK_KERNEL_INL
#undef EXACTBN_CHECK_KERNEL_INL
#else
#define EXACTBN_CHECK_KERNEL_INL
#endif

#include <array>
#include <cmath>

#include "oracles/check/kernel.h"
#include "oracles/check/scale.h"
#include "reference/instruction_sets.h"
// Must come after instruction_sets.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace exactbn {
namespace {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Pack = hn::Vec<D>;
template <class D>
using Mask = hn::Mask<D>;

// Not std::array: only constructors that are written here belong to the code of
// an instruction set, and those of NEON's vectors must be inlined into it.
template <class D, std::size_t k>
struct Packs {
  Pack<D> values[k];

  EXACTBN_INLINE Packs() {}
  EXACTBN_INLINE Pack<D>& operator[](std::size_t j) { return values[j]; }
  EXACTBN_INLINE const Pack<D>& operator[](std::size_t j) const {
    return values[j];
  }
};

// bounds.md, "The filter": bounds |f| in multiples of its binade.
inline constexpr double kBinades = 2.25;
// Larger errors are left to the judge.
inline constexpr double kMostError = 0x1p1000;

template <class D>
EXACTBN_INLINE Pack<D> load(const double* from) {
  return hn::LoadU(D(), from);
}

template <class D>
EXACTBN_INLINE Pack<D> load(const float* from) {
  return hn::PromoteTo(D(), hn::LoadU(hn::Rebind<float, D>(), from));
}

// The power of two at or below |a|, or 0 if there is none that is normal.
template <class D>
EXACTBN_INLINE Pack<D> binade_of(Pack<D> a) {
  const hn::RebindToSigned<D> bits;
  return hn::And(a, hn::BitCast(D(), hn::Set(bits, kExponent)));
}

// a b - p, where p is a b rounded.
template <class D>
EXACTBN_INLINE Pack<D> product_error(Pack<D> a, Pack<D> b, Pack<D> p) {
#if HWY_NATIVE_FMA
  return hn::MulSub(a, b, p);
#else
  constexpr std::size_t kPack = hn::MaxLanes(D());
  std::array<double, kPack> x;
  std::array<double, kPack> y;
  std::array<double, kPack> z;
  hn::StoreU(a, D(), x.data());
  hn::StoreU(b, D(), y.data());
  hn::StoreU(p, D(), z.data());
  for (std::size_t l = 0; l < kPack; ++l) z[l] = std::fma(x[l], y[l], -z[l]);
  return hn::LoadU(D(), z.data());
#endif
}

// The forms and bounds of a vector of columns, in registers.
template <class D, std::size_t k>
struct FormVectors {
  Packs<D, k> high;
  Packs<D, k> low;
  Packs<D, k> rest;
  Pack<D> offset_high;
  Pack<D> offset_low;
  Pack<D> rest_one;
  Pack<D> part;  // permitted error, as a part of the binade
  Pack<D> half;  // half an ulp, as a part of the binade

  EXACTBN_INLINE FormVectors() {}
};

template <class D, std::size_t k>
struct Tolerances {
  Packs<D, k> tol;
  Pack<D> centred;
  Pack<D> one;
  Pack<D> centre;

  EXACTBN_INLINE Tolerances() {}
};

template <class D, bool same>
EXACTBN_INLINE Pack<D> column(const double* values, std::int64_t first) {
  if constexpr (same) return hn::Set(D(), values[0]);
  return hn::LoadU(D(), values + first);
}

template <class D, bool same, std::size_t k>
EXACTBN_INLINE FormVectors<D, k> form_vectors(const CheckForms& f,
                                              const FormBounds& bounds,
                                              std::int64_t first, double part,
                                              double half) {
  FormVectors<D, k> at;
  for (std::size_t j = 0; j < k; ++j) {
    at.high[j] = column<D, same>(f.high[j], first);
    at.low[j] = column<D, same>(f.low[j], first);
    at.rest[j] = column<D, same>(bounds.rest[j], first);
  }
  at.offset_high = column<D, same>(f.offset_high, first);
  at.offset_low = column<D, same>(f.offset_low, first);
  at.rest_one = column<D, same>(bounds.rest_one, first);
  const Pack<D> known =
      column<D, same>(bounds.relative, first) * hn::Set(D(), kBinades);
  at.part = hn::Set(D(), part) - known;
  at.half = hn::Set(D(), half) - known;
  return at;
}

template <class D, bool same, std::size_t k>
EXACTBN_INLINE Tolerances<D, k> tolerances(const CheckForms& f,
                                           std::int64_t first) {
  Tolerances<D, k> may;
  for (std::size_t j = 0; j < k; ++j) {
    may.tol[j] = column<D, same>(f.tol[j], first) * hn::Set(D(), kLess);
  }
  may.centred = column<D, same>(f.tol_centred, first) * hn::Set(D(), kLess);
  may.one = column<D, same>(f.tol_one, first) * hn::Set(D(), kLess);
  may.centre = column<D, same>(f.centre, first);
  return may;
}

// The distance |got - f| from the form f, and |f|.
template <class D>
struct Residual {
  Pack<D> error;
  Pack<D> size;
};

template <bool precise, class D, std::size_t k>
EXACTBN_INLINE Residual<D> residual(const FormVectors<D, k>& at,
                                    const Packs<D, k>& in, Pack<D> got) {
  Pack<D> sum = at.offset_high;
  if constexpr (!precise) {
    for (std::size_t j = 0; j < k; ++j) {
      sum = hn::MulAdd(at.high[j], in[j], sum);
    }
    return {hn::Abs(got - sum), hn::Abs(sum)};
  }
  Pack<D> low = at.offset_low;
  for (std::size_t j = 0; j < k; ++j) {
    const Pack<D> product = at.high[j] * in[j];
    const Pack<D> error = product_error<D>(at.high[j], in[j], product);
    const Pack<D> next = sum + product;
    const Pack<D> part = next - sum;
    const Pack<D> lost = (sum - (next - part)) + (product - part);
    sum = next;
    low = low + (hn::MulAdd(at.low[j], in[j], error) + lost);
  }
  return {hn::Abs((got - sum) - low), hn::Abs(sum + low)};
}

// The error bound of the form, without the part relative to |f|.
template <class D, std::size_t k>
EXACTBN_INLINE Pack<D> rest_of(const FormVectors<D, k>& at,
                               const Packs<D, k>& in) {
  Pack<D> rest = at.rest_one;
  for (std::size_t j = 0; j + 1 < k; ++j) {
    rest = hn::MulAdd(at.rest[j], hn::Abs(in[j]), rest);
  }
  return rest;
}

// The lanes of the mask in which the error of `got` is certainly at most `part`
// of its binade, which must be at most half an ulp.
template <bool precise, class D, std::size_t k>
EXACTBN_INLINE Mask<D> within_half_ulp(Mask<D> mask,
                                       const FormVectors<D, k>& at,
                                       const Packs<D, k>& in, Pack<D> got) {
  const Pack<D> error = residual<precise>(at, in, got).error;
  const Pack<D> binade = binade_of<D>(got * hn::Set(D(), kLess));
  // If `got` is infinite, the excess is NaN and the test fails.
  return hn::And(mask, hn::Le(hn::NegMulAdd(at.part, binade, error),
                              hn::Neg(rest_of(at, in))));
}

// The lanes of the mask in which the error of `got` is certainly at most `part`
// of the binade of the form, and at most half an ulp (`half` of the binade)
// plus the tolerance.
template <bool precise, class D, std::size_t k>
EXACTBN_INLINE Mask<D> within_tolerance(Mask<D> mask,
                                        const FormVectors<D, k>& at,
                                        const Tolerances<D, k>& may,
                                        const Packs<D, k>& in, Pack<D> got) {
  const Pack<D> rest = rest_of(at, in);
  const Residual<D> f = residual<precise>(at, in, got);
  const Pack<D> low = hn::MulSub(f.size, hn::Set(D(), kLess), rest);
  const Pack<D> binade = binade_of<D>(hn::Max(low, hn::Set(D(), 0)));
  const Pack<D> by_ulps = hn::MulSub(binade, at.part, rest);
  Pack<D> tol =
      hn::MulAdd(may.centred, hn::Abs(in[0] - may.centre), may.one - rest);
  for (std::size_t j = 0; j < k; ++j) {
    tol = hn::MulAdd(may.tol[j], hn::Abs(in[j]), tol);
  }
  // A form may be infinite, if a frozen x is; the judge decides it.
  const Pack<D> most = hn::Min(by_ulps, hn::Set(D(), kMostError));
  return hn::And(
      mask, hn::Le(f.error, hn::Min(hn::MulAdd(binade, at.half, tol), most)));
}

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn
HWY_AFTER_NAMESPACE();
#endif
