// SPDX-License-Identifier: Apache-2.0
// No include guard: check_kernel.cc includes this file once for each
// instruction set, in a namespace of its own that has
//   Pack, FloatPack, MaskPack   kPack doubles, floats, integers
//   Mask, kPasses               what comparisons hold in which lanes, or in all
//   all(a)                      a in every lane
//   widened(floats)             the same numbers
//   madd(a, b, c)               a b + c, fused where the processor can
//   product_error(a, b, p)      a b - p, where p is a b rounded
//   at_most(mask, a, b)         where the mask holds, and a <= b
//   all_of(mask)                whether it holds in every lane
// and compiles all of it for that set.

EXACTBN_INLINE Pack pack(const double* from) {
  Pack values;
  __builtin_memcpy(&values, from, sizeof(values));
  return values;
}

EXACTBN_INLINE Pack pack(const float* from) {
  FloatPack values;
  __builtin_memcpy(&values, from, sizeof(values));
  return widened(values);
}

// Of some bits of each lane.
EXACTBN_INLINE Pack masked(const Pack& a, std::int64_t bits) {
  return (Pack)((MaskPack)a & bits);
}

EXACTBN_INLINE Pack absolute(const Pack& a) { return masked(a, kMagnitude); }

// The power of two at or below a number that is not negative, or 0; of any
// number, without its sign.
EXACTBN_INLINE Pack binade_of(const Pack& a) { return masked(a, kExponent); }

// The less and the greater one, or b where either is NaN.
EXACTBN_INLINE Pack least(const Pack& a, const Pack& b) {
  return a < b ? a : b;
}

EXACTBN_INLINE Pack greatest(const Pack& a, const Pack& b) {
  return a > b ? a : b;
}

// What Places say of some columns, in registers.
template <std::size_t k>
struct Places {
  std::array<Pack, k> high;
  std::array<Pack, k> low;
  std::array<Pack, k> rest;
  Pack offset_high;
  Pack offset_low;
  Pack rest_one;
  Pack part;  // of a binade that an error may be
  Pack half;  // half an ulp, likewise
};

template <std::size_t k>
struct Tolerances {
  std::array<Pack, k> tol;
  Pack centred;
  Pack one;
  Pack centre;
};

template <bool same>
EXACTBN_INLINE Pack column(const double* values, std::int64_t first) {
  if constexpr (same) return all(values[0]);
  return pack(values + first);
}

template <bool same, std::size_t k>
EXACTBN_INLINE Places<k> places(const CheckForms& f, const FormBounds& bounds,
                                std::int64_t first, double part, double half) {
  Places<k> at;
  for (std::size_t j = 0; j < k; ++j) {
    at.high[j] = column<same>(f.high[j], first);
    at.low[j] = column<same>(f.low[j], first);
    at.rest[j] = column<same>(bounds.rest[j], first);
  }
  at.offset_high = column<same>(f.offset_high, first);
  at.offset_low = column<same>(f.offset_low, first);
  at.rest_one = column<same>(bounds.rest_one, first);
  const Pack known = column<same>(bounds.relative, first) * all(kBinades);
  at.part = all(part) - known;
  at.half = all(half) - known;
  return at;
}

template <bool same, std::size_t k>
EXACTBN_INLINE Tolerances<k> tolerances(const CheckForms& f,
                                        std::int64_t first) {
  Tolerances<k> may;
  for (std::size_t j = 0; j < k; ++j) {
    may.tol[j] = column<same>(f.tol[j], first) * all(kLess);
  }
  may.centred = column<same>(f.tol_centred, first) * all(kLess);
  may.one = column<same>(f.tol_one, first) * all(kLess);
  may.centre = column<same>(f.centre, first);
  return may;
}

// The error of `got` against the form, and the size of that.
struct Off {
  Pack error;
  Pack size;
};

template <bool precise, std::size_t k>
EXACTBN_INLINE Off off(const Places<k>& at, const std::array<Pack, k>& in,
                       const Pack& got) {
  Pack sum = at.offset_high;
  if constexpr (!precise) {
    for (std::size_t j = 0; j < k; ++j) sum = madd(at.high[j], in[j], sum);
    return {absolute(got - sum), absolute(sum)};
  }
  Pack low = at.offset_low;
  for (std::size_t j = 0; j < k; ++j) {
    const Pack product = at.high[j] * in[j];
    const Pack error = product_error(at.high[j], in[j], product);
    const Pack next = sum + product;
    const Pack part = next - sum;
    const Pack lost = (sum - (next - part)) + (product - part);
    sum = next;
    low += madd(at.low[j], in[j], error) + lost;
  }
  return {absolute((got - sum) - low), absolute(sum + low)};
}

// The bound of the error, but for a part of the form.
template <std::size_t k>
EXACTBN_INLINE Pack rest_of(const Places<k>& at,
                            const std::array<Pack, k>& in) {
  Pack rest = at.rest_one;
  for (std::size_t j = 0; j + 1 < k; ++j) {
    rest = madd(at.rest[j], absolute(in[j]), rest);
  }
  return rest;
}

// Where the mask holds, and `got` is surely within `part` of its binade, at
// most half an ulp.
template <bool precise, std::size_t k>
EXACTBN_INLINE Mask near(const Mask& mask, const Places<k>& at,
                         const std::array<Pack, k>& in, const Pack& got) {
  const Pack error = off<precise, k>(at, in, got).error;
  const Pack binade = binade_of(got * all(kLess));
  // Of an infinity the excess is NaN.
  return at_most(mask, madd(-at.part, binade, error), -rest_of<k>(at, in));
}

// Where the mask holds, and `got` is surely within `part` of its binade, and
// within half an ulp, `half` of its binade, and its tolerance.
template <bool precise, std::size_t k>
EXACTBN_INLINE Mask quiet(const Mask& mask, const Places<k>& at,
                          const Tolerances<k>& may,
                          const std::array<Pack, k>& in, const Pack& got) {
  const Pack rest = rest_of<k>(at, in);
  const Off f = off<precise, k>(at, in, got);
  const Pack low = madd(f.size, all(kLess), -rest);
  const Pack binade = binade_of(greatest(low, all(0)));
  const Pack by_ulps = madd(binade, at.part, -rest);
  Pack tol = madd(may.centred, absolute(in[0] - may.centre), may.one - rest);
  for (std::size_t j = 0; j < k; ++j) {
    tol = madd(may.tol[j], absolute(in[j]), tol);
  }
  // A form that is infinite, as a frozen x may be, is for the judge.
  const Pack most = least(by_ulps, all(kMostError));
  return at_most(mask, f.error, least(madd(binade, at.half, tol), most));
}

// Rows of kPack values, each of a column of its own, or all of one.
struct Rows {
  std::int64_t column;  // the first
  std::int64_t first;   // the first value
  std::int64_t count;
  std::int64_t stride;
};

// Asks the memory for the values of the next block, a few at a time. Those of
// the inputs are in the cache where one channel was summed just before.
template <class Real, std::size_t k, bool inputs>
class Asking {
 public:
  explicit Asking(const CheckValues& values) : ahead_(values.ahead != 0) {
    if (!ahead_) return;
    got_ = static_cast<const Real*>(values.got) + values.ahead;
    for (std::size_t j = 0; j < k; ++j) {
      in_[j] = static_cast<const Real*>(values.in[j]) + values.ahead;
    }
  }

  template <std::int64_t n>
  EXACTBN_INLINE void ask() {
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

// How forms are computed: in one double, in two, or in two only where one does
// not do.
enum class Doubles : std::uint8_t { one, two, one_then_two };

// Whether all values of the rows are near, or quiet.
template <class Real, bool whole, std::size_t k, bool same, Doubles doubles>
EXACTBN_INLINE bool rows_pass(const CheckForms& forms,
                              const CheckValues& values, const Rows& rows,
                              const Scale& scale, double ulps,
                              Asking<Real, k, !same>& asking);

// Out of line, so that the loop that seldom needs it keeps its registers.
template <class Real, bool whole, std::size_t k, bool same>
[[gnu::noinline]] bool pass_in_two(const CheckForms& forms,
                                   const CheckValues& values, const Rows& rows,
                                   const Scale& scale, double ulps) {
  Asking<Real, k, !same> nothing{CheckValues{}};
  return rows_pass<Real, whole, k, same, Doubles::two>(forms, values, rows,
                                                       scale, ulps, nothing);
}

template <class Real, bool whole, std::size_t k, bool same, Doubles doubles>
EXACTBN_INLINE bool rows_pass(const CheckForms& forms,
                              const CheckValues& values, const Rows& rows,
                              const Scale& scale, double ulps,
                              Asking<Real, k, !same>& asking) {
  constexpr std::int64_t kTogether = 4;  // rows
  constexpr bool roughly = doubles == Doubles::one_then_two;
  constexpr bool two = doubles == Doubles::two;
  std::array<const Real*, k> in;
  for (std::size_t j = 0; j < k; ++j) {
    in[j] = static_cast<const Real*>(values.in[j]) + rows.first;
  }
  const Real* const got = static_cast<const Real*>(values.got) + rows.first;
  const double half = part_of_binade(scale, 0.5);
  const double part = part_of_binade(scale, whole ? ulps : std::min(ulps, 0.5));
  const Places<k> at = places<same, k>(
      forms, roughly ? forms.rough : forms.bounds, rows.column, part, half);
  const Tolerances<k> may =
      whole ? tolerances<same, k>(forms, rows.column) : Tolerances<k>{};
  const std::int64_t stride = same ? kPack : rows.stride;
  Mask passes = kPasses;
  const auto look = [&](std::int64_t r, auto count) {
    Mask here = roughly ? kPasses : passes;
    for (std::int64_t q = 0; q < count; ++q) {
      const std::int64_t i = (r + q) * stride;
      std::array<Pack, k> x;
      for (std::size_t j = 0; j < k; ++j) x[j] = pack(in[j] + i);
      if constexpr (whole) {
        here = quiet<two, k>(here, at, may, x, pack(got + i));
      } else {
        here = near<two, k>(here, at, x, pack(got + i));
      }
    }
    if constexpr (roughly) {
      const Rows again = {rows.column, rows.first + r * stride, count, stride};
      return all_of(here) || pass_in_two<Real, whole, k, same>(
                                 forms, values, again, scale, ulps);
    }
    passes = here;
    return true;
  };
  std::int64_t r = 0;
  for (; r + kTogether <= rows.count; r += kTogether) {
    asking.template ask<kTogether * kPack>();
    if (!look(r, std::integral_constant<std::int64_t, kTogether>())) {
      return false;
    }
  }
  for (; r < rows.count; ++r) {
    if (!look(r, std::integral_constant<std::int64_t, 1>())) return false;
  }
  return all_of(passes);
}

// The same of a block.
template <class Real, bool whole, std::size_t k, bool same, Doubles doubles>
EXACTBN_INLINE bool block_passes(const CheckForms& forms,
                                 const CheckValues& values, std::int64_t n,
                                 const Scale& scale, double ulps) {
  Asking<Real, k, !same> asking(values);
  const auto pass = [&](const Rows& rows) {
    return rows_pass<Real, whole, k, same, doubles>(forms, values, rows, scale,
                                                    ulps, asking);
  };
  if constexpr (same) {
    if (!pass({0, 0, n / kPack, kPack})) return false;
    return n % kPack == 0 || pass({0, n - kPack, 1, kPack});
  }
  const std::int64_t width = forms.width;
  for (std::int64_t lane = 0; lane < width; lane += kPack) {
    // The last ones end where the columns do, and overlap.
    const std::int64_t first = std::min(lane, width - kPack);
    if (!pass({first, first, n / width, width})) return false;
  }
  return true;
}

template <class Real, bool whole, std::size_t k, Doubles doubles>
EXACTBN_INLINE bool with_width(const CheckForms& forms,
                               const CheckValues& values, std::int64_t n,
                               const Scale& scale, double ulps) {
  if (forms.width == 1) {
    return block_passes<Real, whole, k, true, doubles>(forms, values, n, scale,
                                                       ulps);
  }
  return block_passes<Real, whole, k, false, doubles>(forms, values, n, scale,
                                                      ulps);
}

template <class Real, bool whole, Doubles doubles>
EXACTBN_INLINE bool with_inputs(const CheckForms& forms,
                                const CheckValues& values, std::int64_t n,
                                const Scale& scale, double ulps) {
  if (forms.k == 1) {
    return with_width<Real, whole, 1, doubles>(forms, values, n, scale, ulps);
  }
  if (forms.k == 2) {
    return with_width<Real, whole, 2, doubles>(forms, values, n, scale, ulps);
  }
  return with_width<Real, whole, 3, doubles>(forms, values, n, scale, ulps);
}

template <bool whole>
bool passes(const CheckForms& forms, const CheckValues& values, std::int64_t n,
            DType dtype, double ulps) {
  const Scale scale = scale_of(dtype);
  if (values.floats) {
    return with_inputs<float, whole, Doubles::one>(forms, values, n, scale,
                                                   ulps);
  }
  if (dtype == DType::f64) {
    // In one double, no f64 is within half an ulp for sure.
    constexpr Doubles doubles = whole ? Doubles::one_then_two : Doubles::two;
    return with_inputs<double, whole, doubles>(forms, values, n, scale, ulps);
  }
  return with_inputs<double, whole, Doubles::one>(forms, values, n, scale,
                                                  ulps);
}

// The form of value l, but for its error: high + low, the latter 0 unless
// `precise`.
template <bool precise, std::size_t k>
EXACTBN_INLINE DoubleDouble sum_of(const CheckForms& f, std::size_t l,
                                   const std::array<double, k>& in) {
  double sum = f.offset_high[l];
  double rest = precise ? f.offset_low[l] : 0;
  for (std::size_t j = 0; j < k; ++j) {
    const double product = f.high[j][l] * in[j];
    if constexpr (!precise) {
      sum += product;
    } else {
      const double error = std::fma(f.high[j][l], in[j], -product);
      double lost;
      two_sum(sum, product, sum, lost);
      rest += f.low[j][l] * in[j] + error + lost;
    }
  }
  return {sum, rest};
}

template <class Real, bool precise, std::size_t k>
EXACTBN_INLINE void measure_all(const CheckForms& forms,
                                const CheckValues& values, std::int64_t n,
                                const Scale& scale, ErrorBounds* bounds) {
  const Real* const all_got = static_cast<const Real*>(values.got);
  const auto one = [&](std::int64_t i, std::size_t l) {
    std::array<double, k> in{};
    for (std::size_t j = 0; j < k; ++j) {
      in[j] = static_cast<const Real*>(values.in[j])[i];
    }
    const DoubleDouble f = sum_of<precise, k>(forms, l, in);
    const double size = std::fabs(f.high + f.low);
    double bound = size * forms.bounds.relative[l] + forms.bounds.rest_one[l];
    for (std::size_t j = 0; j + 1 < k; ++j) {
      bound += forms.bounds.rest[j][l] * std::fabs(in[j]);
    }
    const double got = all_got[i];
    // Nothing is known of the error where the form is infinite: NaN.
    const double error = std::fabs((got - f.high) - f.low) + size * 0;
    const double slack = bound + (error + bound) * kSlack;
    const double away = slack + size * 0x1p-52;  // it is rounded
    const double down = size - away;
    bounds[i] = {error - slack, error + slack,
                 ulp_of(down > 0 ? down : 0, scale),
                 ulp_of(size + away, scale)};
  };
  if (forms.width == 1) {
    for (std::int64_t i = 0; i < n; ++i) one(i, 0);
    return;
  }
  for (std::int64_t row = 0; row < n; row += forms.width) {
    for (std::int64_t l = 0; l < forms.width; ++l) {
      one(row + l, static_cast<std::size_t>(l));
    }
  }
}

template <class Real, bool precise>
EXACTBN_INLINE void measure_in(const CheckForms& forms,
                               const CheckValues& values, std::int64_t n,
                               const Scale& scale, ErrorBounds* bounds) {
  if (forms.k == 1) {
    return measure_all<Real, precise, 1>(forms, values, n, scale, bounds);
  }
  if (forms.k == 2) {
    return measure_all<Real, precise, 2>(forms, values, n, scale, bounds);
  }
  measure_all<Real, precise, 3>(forms, values, n, scale, bounds);
}

inline void measure_block(const CheckForms& forms, const CheckValues& values,
                          std::int64_t n, DType dtype, ErrorBounds* bounds) {
  const Scale scale = scale_of(dtype);
  if (values.floats) {
    return measure_in<float, false>(forms, values, n, scale, bounds);
  }
  if (dtype == DType::f64) {
    return measure_in<double, true>(forms, values, n, scale, bounds);
  }
  measure_in<double, false>(forms, values, n, scale, bounds);
}

// The tolerance of every value, a row of columns at a time.
template <class Real>
EXACTBN_INLINE void fill_in(const CheckForms& f, const CheckValues& values,
                            std::int64_t n, double* to) {
  const bool same = f.width == 1;
  const std::int64_t width = same ? n : f.width;
  for (std::int64_t row = 0; row < n; row += width) {
    double* const out = to + row;
    const Real* const x = static_cast<const Real*>(values.in[0]) + row;
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t l = same ? 0 : i;
      out[i] = f.tol_one[l] + f.tol_centred[l] * std::fabs(x[i] - f.centre[l]);
    }
    for (std::size_t j = 0; j < f.k; ++j) {
      const Real* const in = static_cast<const Real*>(values.in[j]) + row;
      for (std::int64_t i = 0; i < width; ++i) {
        const std::int64_t l = same ? 0 : i;
        out[i] += f.tol[j][l] * std::fabs(static_cast<double>(in[i]));
      }
    }
  }
}

inline void fill_block(const CheckForms& forms, const CheckValues& values,
                       std::int64_t n, double* to) {
  if (values.floats) return fill_in<float>(forms, values, n, to);
  fill_in<double>(forms, values, n, to);
}
