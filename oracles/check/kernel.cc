// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/kernel.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "oracles/check/scale.h"
#include "reference/instruction_sets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "oracles/check/kernel.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "oracles/check/kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace exactbn {
namespace {
namespace HWY_NAMESPACE {

template <class D>
constexpr auto kPack = static_cast<std::int64_t>(hn::MaxLanes(D()));

// `ulps` ulps as a part of the binade, not reduced by the error bound.
EXACTBN_INLINE double part_of_binade(const Scale& scale, double ulps) {
  return std::min(ulps, 0x1p100) * scale.ulp_of_one * kLess;
}

// Rows of packs of values: each lane has its own column, or all have the same.
struct Rows {
  std::int64_t column;  // the first
  std::int64_t first;   // the first value
  std::int64_t count;
  std::int64_t stride;
};

// Prefetches the values of the next block, a few at a time. The inputs are in
// cache already if one channel was summed just before.
template <class Real, std::size_t k, bool inputs>
class Prefetcher {
 public:
  explicit Prefetcher(const CheckValues& values) : ahead_(values.ahead != 0) {
    if (!ahead_) return;
    got_ = static_cast<const Real*>(values.got) + values.ahead;
    for (std::size_t j = 0; j < k; ++j) {
      in_[j] = static_cast<const Real*>(values.in[j]) + values.ahead;
    }
  }

  template <std::int64_t n>
  EXACTBN_INLINE void prefetch() {
    if (!ahead_) return;
    constexpr std::int64_t kLine = 64 / sizeof(Real);
    for (std::int64_t l = 0; l < n; l += kLine) {
      __builtin_prefetch(got_ + done_ + l, 0, 2);
      for (std::size_t j = 0; inputs && j < k; ++j) {
        __builtin_prefetch(in_[j] + done_ + l, 0, 2);
      }
    }
    done_ += n;
  }

 private:
  bool ahead_;
  std::int64_t done_ = 0;
  const Real* got_ = nullptr;
  std::array<const Real*, k> in_{};
};

// How forms are computed: in one double, in two, or in two only if one does not
// suffice.
enum class Doubles : std::uint8_t { one, two, one_then_two };

// Whether all values of the rows are within tolerance (`tolerant`), or else
// within half an ulp.
template <class D, class Real, bool tolerant, std::size_t k, bool same,
          Doubles doubles>
EXACTBN_INLINE bool rows_pass(const CheckForms& forms,
                              const CheckValues& values, const Rows& rows,
                              const Scale& scale, double ulps,
                              Prefetcher<Real, k, !same>& prefetcher);

// Not inlined, so that the loop, which seldom calls it, keeps its registers.
template <class D, class Real, bool tolerant, std::size_t k, bool same>
[[gnu::noinline]] bool pass_in_double_double(const CheckForms& forms,
                                             const CheckValues& values,
                                             const Rows& rows,
                                             const Scale& scale, double ulps) {
  Prefetcher<Real, k, !same> nothing{CheckValues{}};
  return rows_pass<D, Real, tolerant, k, same, Doubles::two>(
      forms, values, rows, scale, ulps, nothing);
}

template <class D, class Real, bool tolerant, std::size_t k, bool same,
          Doubles doubles>
EXACTBN_INLINE bool rows_pass(const CheckForms& forms,
                              const CheckValues& values, const Rows& rows,
                              const Scale& scale, double ulps,
                              Prefetcher<Real, k, !same>& prefetcher) {
  constexpr std::int64_t kTogether = 4;  // rows
  constexpr bool roughly = doubles == Doubles::one_then_two;
  constexpr bool two = doubles == Doubles::two;
  std::array<const Real*, k> in;
  for (std::size_t j = 0; j < k; ++j) {
    in[j] = static_cast<const Real*>(values.in[j]) + rows.first;
  }
  const Real* const got = static_cast<const Real*>(values.got) + rows.first;
  const double half = part_of_binade(scale, 0.5);
  const double part =
      part_of_binade(scale, tolerant ? ulps : std::min(ulps, 0.5));
  const FormVectors<D, k> at = form_vectors<D, same, k>(
      forms, roughly ? forms.rough : forms.bounds, rows.column, part, half);
  const Tolerances<D, k> may = tolerant
                                   ? tolerances<D, same, k>(forms, rows.column)
                                   : Tolerances<D, k>{};
  const std::int64_t stride = same ? kPack<D> : rows.stride;
  const Mask<D> all = hn::FirstN(D(), hn::MaxLanes(D()));
  Mask<D> passes = all;
  const auto test_rows = [&](std::int64_t r, auto count) {
    Mask<D> here = roughly ? all : passes;
    for (std::int64_t q = 0; q < count; ++q) {
      const std::int64_t i = (r + q) * stride;
      Packs<D, k> x;
      for (std::size_t j = 0; j < k; ++j) x[j] = load<D>(in[j] + i);
      if constexpr (tolerant) {
        here = within_tolerance<two>(here, at, may, x, load<D>(got + i));
      } else {
        here = within_half_ulp<two>(here, at, x, load<D>(got + i));
      }
    }
    if constexpr (roughly) {
      const Rows again = {rows.column, rows.first + r * stride, count, stride};
      return hn::AllTrue(D(), here) ||
             pass_in_double_double<D, Real, tolerant, k, same>(
                 forms, values, again, scale, ulps);
    }
    passes = here;
    return true;
  };
  std::int64_t r = 0;
  for (; r + kTogether <= rows.count; r += kTogether) {
    prefetcher.template prefetch<kTogether * kPack<D>>();
    if (!test_rows(r, std::integral_constant<std::int64_t, kTogether>())) {
      return false;
    }
  }
  for (; r < rows.count; ++r) {
    if (!test_rows(r, std::integral_constant<std::int64_t, 1>())) return false;
  }
  return hn::AllTrue(D(), passes);
}

// The same for a block.
template <class D, class Real, bool tolerant, std::size_t k, bool same,
          Doubles doubles>
EXACTBN_INLINE bool block_passes(const CheckForms& forms,
                                 const CheckValues& values, std::int64_t n,
                                 const Scale& scale, double ulps) {
  Prefetcher<Real, k, !same> prefetcher(values);
  const auto pass = [&](const Rows& rows) {
    return rows_pass<D, Real, tolerant, k, same, doubles>(
        forms, values, rows, scale, ulps, prefetcher);
  };
  if constexpr (same) {
    if (!pass({0, 0, n / kPack<D>, kPack<D>})) return false;
    return n % kPack<D> == 0 || pass({0, n - kPack<D>, 1, kPack<D>});
  }
  const std::int64_t width = forms.width;
  for (std::int64_t lane = 0; lane < width; lane += kPack<D>) {
    // The last pack ends at the last column and may overlap the one before it.
    const std::int64_t first = std::min(lane, width - kPack<D>);
    if (!pass({first, first, n / width, width})) return false;
  }
  return true;
}

template <class D, class Real, bool tolerant, std::size_t k, Doubles doubles>
EXACTBN_INLINE bool with_width(const CheckForms& forms,
                               const CheckValues& values, std::int64_t n,
                               const Scale& scale, double ulps) {
  if (forms.width == 1) {
    return block_passes<D, Real, tolerant, k, true, doubles>(forms, values, n,
                                                             scale, ulps);
  }
  return block_passes<D, Real, tolerant, k, false, doubles>(forms, values, n,
                                                            scale, ulps);
}

template <class D, class Real, bool tolerant, Doubles doubles>
EXACTBN_INLINE bool with_inputs(const CheckForms& forms,
                                const CheckValues& values, std::int64_t n,
                                const Scale& scale, double ulps) {
  if (forms.k == 1) {
    return with_width<D, Real, tolerant, 1, doubles>(forms, values, n, scale,
                                                     ulps);
  }
  if (forms.k == 2) {
    return with_width<D, Real, tolerant, 2, doubles>(forms, values, n, scale,
                                                     ulps);
  }
  return with_width<D, Real, tolerant, 3, doubles>(forms, values, n, scale,
                                                   ulps);
}

template <class D, bool tolerant>
bool passes(const CheckForms& forms, const CheckValues& values, std::int64_t n,
            DType dtype, double ulps) {
  const Scale scale = scale_of(dtype);
  if (values.floats) {
    return with_inputs<D, float, tolerant, Doubles::one>(forms, values, n,
                                                         scale, ulps);
  }
  if (dtype == DType::f64) {
    // One double never proves that an f64 is within half an ulp.
    constexpr Doubles doubles = tolerant ? Doubles::one_then_two : Doubles::two;
    return with_inputs<D, double, tolerant, doubles>(forms, values, n, scale,
                                                     ulps);
  }
  return with_inputs<D, double, tolerant, Doubles::one>(forms, values, n, scale,
                                                        ulps);
}

template <class D>
constexpr CheckKernels kKernels = {kPack<D>, passes<D, false>, passes<D, true>};

std::span<const CheckKernels> all_kernels() {
  static constexpr std::array kAll = {kKernels<hn::ScalableTag<double>>,
                                      kKernels<hn::CappedTag<double, 4>>};
  constexpr bool wide = kAll[0].pack > kAll[1].pack;
  return std::span(kAll).first(wide ? 2 : 1);
}

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn {

namespace {

HWY_EXPORT(all_kernels);

// bounds.md, "The filter".
constexpr double kDoubleDoubleError = 0x1p-100;
constexpr double kDoubleError = 0x1.00001p-53;

// Tests fewer values or columns than the kernels take.
template <bool tolerant>
bool few_pass(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps) {
  std::vector<ErrorBounds> bounds(static_cast<std::size_t>(n));
  measure(forms, values, n, dtype, bounds.data());
  std::vector<double> tol(static_cast<std::size_t>(n));
  if (tolerant) fill_tolerances(forms, values, n, tol.data());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const ErrorBounds& b = bounds[i];
    const bool within_tol = b.high <= 0.5 * b.ulp_low + tol[i] * kLess;
    if (!within_tol || !(b.high <= ulps * b.ulp_low)) return false;
  }
  return true;
}

template <bool tolerant>
bool all_pass(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps) {
  const std::int64_t side = forms.width == 1 ? n : forms.width;
  for (const CheckKernels& kernels : check_kernels()) {
    if (kernels.pack > side) continue;
    const auto pass =
        tolerant ? kernels.within_tolerance : kernels.within_half_ulp;
    return pass(forms, values, n, dtype, ulps);
  }
  return few_pass<tolerant>(forms, values, n, dtype, ulps);
}

}  // namespace

std::span<const CheckKernels> check_kernels() {
  return HWY_DYNAMIC_DISPATCH(all_kernels)();
}

FormRounding rough_rounding(std::size_t k) {
  return {3 * kDoubleError, static_cast<double>(k + 3) * kDoubleError};
}

FormRounding form_rounding(DType dtype, std::size_t k) {
  if (dtype != DType::f64) return rough_rounding(k);
  return {kDoubleDoubleError, 2 * kDoubleDoubleError};
}

bool all_within_half_ulp(const CheckForms& forms, const CheckValues& values,
                         std::int64_t n, DType dtype, double ulps) {
  return all_pass<false>(forms, values, n, dtype, ulps);
}

bool all_within_tolerance(const CheckForms& forms, const CheckValues& values,
                          std::int64_t n, DType dtype, double ulps) {
  return all_pass<true>(forms, values, n, dtype, ulps);
}

}  // namespace exactbn
#endif
