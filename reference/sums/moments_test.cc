// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/moments.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <array>
#include <cfenv>
#include <functional>

#include "reference/sums/accumulator.h"
#include "reference/sums/kernels.h"
#include "reference/testing/any_problem.h"
#include "reference/testing/flushed_subnormals.h"

namespace exactbn::moments_test {
namespace {

using Bits = std::function<std::uint64_t(Draw&, DType)>;

Tensor drawn(DType dtype, const Shape& shape, std::uint64_t seed,
             const Bits& bits) {
  Draw draw(seed);
  return exactbn::drawn(draw, dtype, shape, bits);
}

std::uint64_t normal_bits(Draw& draw, DType dtype) {
  return round_to(draw.normal(), dtype);
}

constexpr std::array kTerms = {Term{0}, Term{0, 0}, Term{1}, Term{1, 0}};

Dyadic plain(std::span<const Tensor* const> tensors, const Term& term,
             const ChannelView& view, std::int64_t c) {
  Dyadic sum;
  for (std::int64_t k = 0; k < view.count(); ++k) {
    const std::int64_t i = view.offset(c, k);
    const auto at = [&](int t) {
      return tensors[static_cast<std::size_t>(t)]->exact(i);
    };
    sum += term.b == Term::kAlone ? at(term.a) : at(term.a) * at(term.b);
  }
  return sum;
}

// Returns the numbers of narrow and wide columns.
std::pair<std::int64_t, std::int64_t> expect_exact(const Tensor& x,
                                                   const Tensor& dy, int axis) {
  const std::array tensors = {&x, &dy};
  const ChannelView view(x.shape(), axis);
  const Channels all = {0, view.channels};
  const Moments fast = moments(tensors, kTerms, view, all);
  const Moments slow = moments(tensors, kTerms, view, all, SumPath::general);
  EXPECT_EQ(slow.narrow, 0);
  EXPECT_EQ(slow.wide, fast.narrow + fast.wide);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    for (int t = 0; t < std::ssize(kTerms); ++t) {
      const Dyadic expected = canonical(
          plain(tensors, kTerms.at(static_cast<std::size_t>(t)), view, c));
      for (const Moments* m : {&fast, &slow}) {
        EXPECT_TRUE(m->finite(0, c) && m->finite(1, c));
        EXPECT_EQ(m->sum(t, c).n, expected.n)
            << "term " << t << " channel " << c << " of "
            << to_string(x.shape());
        EXPECT_EQ(m->sum(t, c).e, expected.e);
      }
    }
  }
  return {fast.narrow, fast.wide};
}

TEST(Moments, AreExactInEveryFormatAndLayout) {
  struct Layout {
    Shape shape;
    int axis;
  };
  const std::array<Layout, 11> layouts = {{{{3, 2}, 1},
                                           {{4, 3, 5, 7}, 1},
                                           {{2, 3, 2047}, 1},
                                           {{1, 2, 2048}, 1},
                                           {{1, 2, 2049}, 1},
                                           {{4095}, 0},
                                           {{3, 4097, 1}, 0},
                                           {{129, 37}, 1},
                                           {{257, 16}, 1},
                                           {{3, 128}, 1},
                                           {{700, 3}, 1}}};
  std::uint64_t seed = 0;
  for (const Layout& layout : layouts) {
    for (const DType dtype : kDTypes) {
      for (const Bits& bits : {Bits(draw_bits), Bits(normal_bits)}) {
        const Tensor x = drawn(dtype, layout.shape, ++seed, bits);
        const Tensor dy = drawn(dtype, layout.shape, ++seed, bits);
        expect_exact(x, dy, layout.axis);
      }
    }
  }
}

TEST(Moments, MixFormats) {
  for (const DType a : kDTypes) {
    for (const DType b : kDTypes) {
      const Shape shape = {70, 2, 5};
      expect_exact(drawn(a, shape, 1, draw_bits), drawn(b, shape, 2, draw_bits),
                   1);
      expect_exact(drawn(a, shape, 1, normal_bits),
                   drawn(b, shape, 2, normal_bits), 1);
    }
  }
}

// The width in bits of a narrow column.
std::int64_t room(DType dtype) { return dtype == DType::f64 ? 88 : 46; }

enum class Significands { full, equal, any, any_sign };

// A block of values with two exponents: one row has one, all other rows the
// other. The smaller values are odd multiples of 2^-width of the larger. Equal
// values leave equal remainders, which add up.
Tensor full_block(DType dtype, std::int64_t width, Significands kind,
                  std::uint64_t seed) {
  Draw draw(seed);
  const Format f = format(dtype);
  const int fraction = f.precision - 1;
  const std::uint64_t ones = (std::uint64_t{1} << fraction) - 1;
  const auto top = static_cast<std::uint64_t>(f.emax + 20);
  const auto span = static_cast<std::uint64_t>(width - f.precision);
  const std::uint64_t equal = draw.bits() & ones;
  Tensor tensor(dtype, {1, 1, kRows * kLanes});
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const bool small = (i / kLanes == 0) != (seed % 2 == 0);
    const std::uint64_t significand = kind == Significands::full ? ones
                                      : kind == Significands::equal
                                          ? equal
                                          : draw.bits() & ones;
    const bool negative = kind == Significands::any_sign && draw.sign() < 0;
    tensor.set_bits(i, (negative ? f.sign_bit() : 0) |
                           (small ? top - span : top) << fraction |
                           significand | (small ? 1 : 0));
  }
  return tensor;
}

TEST(Moments, StayExactWhereAColumnIsFull) {
  const std::pair<std::int64_t, std::int64_t> narrow = {kLanes, 0};
  const std::pair<std::int64_t, std::int64_t> wide = {0, kLanes};
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    const std::int64_t width = room(dtype);
    for (const auto kind : {Significands::full, Significands::equal,
                            Significands::any, Significands::any_sign}) {
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const Tensor x = full_block(dtype, width, kind, seed);
        const Tensor dy = full_block(dtype, width, kind, seed + 6);
        const Tensor wider = full_block(dtype, width + 1, kind, seed);
        EXPECT_EQ(expect_exact(x, dy, 1), narrow);
        EXPECT_EQ(expect_exact(wider, dy, 1), wide);
      }
    }
  }
}

// A block of values with one exponent.
Tensor of_exponent(int exponent, std::uint64_t seed) {
  const Format f = format(DType::f64);
  const auto bits = [&](Draw& draw, DType) {
    const auto field = static_cast<std::uint64_t>(exponent + f.bias()) << 52;
    return (draw.bits() & ~f.overflow()) | field;
  };
  return drawn(DType::f64, {1, 1, kRows * kLanes}, seed, bits);
}

// bounds.md: T = exponent + 1 is at most 500, q = exponent - 52 at least -500.
TEST(Moments, StayExactWhereProductsLeaveTheRangeOfDoubles) {
  for (const int exponent :
       {499, 500, 511, 512, 600, 1023, -448, -449, -512, -537, -600, -1022}) {
    const bool fits = exponent <= 499 && exponent >= -448;
    const auto [narrow, wide] =
        expect_exact(of_exponent(exponent, 14), of_exponent(exponent, 15), 1);
    EXPECT_EQ(narrow, fits ? kLanes : 0) << exponent;
    EXPECT_EQ(wide, fits ? 0 : kLanes) << exponent;
  }
}

TEST(Moments, CancelToZero) {
  for (const DType dtype : kDTypes) {
    Tensor x = drawn(dtype, {2, 1, 2050}, 5, draw_bits);
    const Tensor dy = drawn(dtype, {2, 1, 2050}, 6, normal_bits);
    const std::uint64_t sign = format(dtype).sign_bit();
    for (std::int64_t i = 0; i < 2050; ++i) {
      x.set_bits(4099 - i, x.bits(i) ^ sign);
    }
    expect_exact(x, dy, 1);
    const std::array tensors = {&x};
    const std::array terms = {Term{0}};
    const Moments m = moments(tensors, terms, {x.shape(), 1}, {0, 1});
    EXPECT_EQ(m.sum(0, 0).n, 0);
    EXPECT_EQ(m.sum(0, 0).e, 0);
  }
}

TEST(Moments, DoNotDependOnThreadsOrOnTheRequestedChannels) {
  const int threads = omp_get_max_threads();
  for (const Shape& shape : {Shape{1, 2, 300'001}, Shape{9'001, 67, 1}}) {
    const Tensor x = drawn(DType::f32, shape, 7, normal_bits);
    const std::array tensors = {&x};
    const std::array terms = {Term{0}, Term{0, 0}};
    const ChannelView view(shape, 1);
    std::vector<Moments> all;
    for (const int n : {1, 2, 3}) {
      omp_set_num_threads(n);
      all.push_back(moments(tensors, terms, view, {0, view.channels}));
    }
    omp_set_num_threads(threads);
    const Moments second = moments(tensors, terms, view, {1, 1});
    for (int t = 0; t < 2; ++t) {
      for (std::int64_t c = 0; c < view.channels; ++c) {
        for (const Moments& m : all) {
          EXPECT_EQ(m.sum(t, c).n, all[0].sum(t, c).n);
          EXPECT_EQ(m.sum(t, c).e, all[0].sum(t, c).e);
        }
      }
      EXPECT_EQ(second.sum(t, 0).n, all[0].sum(t, 1).n);
    }
    EXPECT_EQ(all[0].sum(1, 0), plain(tensors, terms[1], view, 0));
  }
}

TEST(Moments, DoNotDependOnTheRoundingMode) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    const Tensor x = drawn(dtype, {1, 1, 5000}, 8, normal_bits);
    const Tensor dy = drawn(dtype, {1, 1, 5000}, 9, normal_bits);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      std::fesetround(mode);
      const auto [narrow, wide] = expect_exact(x, dy, 1);
      std::fesetround(FE_TONEAREST);
      EXPECT_GT(narrow, 0);
    }
  }
}

TEST(Moments, DoNotDependOnFlushedSubnormals) {
  for (const DType dtype : kDTypes) {
    const std::uint64_t fraction =
        (std::uint64_t{1} << (format(dtype).precision - 1)) - 1;
    const auto subnormal = [&](Draw& draw, DType) {
      return draw.bits() & (format(dtype).sign_bit() | fraction);
    };
    const Tensor x = drawn(dtype, {1, 1, 5000}, 12, subnormal);
    const Tensor dy = drawn(dtype, {1, 1, 5000}, 13, normal_bits);
    const FlushedSubnormals flushed;
    expect_exact(x, dy, 1);
  }
}

TEST(Moments, LeaveOutSumsWithANanOrAnInfinity) {
  for (const DType dtype : kDTypes) {
    for (const Shape& shape : {Shape{50, 3, 3}, Shape{50, 30, 1}}) {
      const ChannelView view(shape, 1);
      Tensor x = drawn(dtype, shape, 10, normal_bits);
      Tensor dy = drawn(dtype, shape, 11, normal_bits);
      x.set_bits(view.offset(1, 40), format(dtype).quiet_nan());
      dy.set_bits(view.offset(2, 7),
                  format(dtype).sign_bit() | format(dtype).overflow());
      const std::array tensors = {&x, &dy};
      for (const SumPath path : {SumPath::blocks, SumPath::general}) {
        const Moments m =
            moments(tensors, kTerms, view, {0, view.channels}, path);
        for (std::int64_t c = 0; c < view.channels; ++c) {
          EXPECT_EQ(m.finite(0, c), c != 1);
          EXPECT_EQ(m.finite(1, c), c != 2);
          for (int t = 0; t < std::ssize(kTerms); ++t) {
            const Term& term = kTerms.at(static_cast<std::size_t>(t));
            const bool out = (c == 1 && (term.a == 0 || term.b == 0)) ||
                             (c == 2 && (term.a == 1 || term.b == 1));
            EXPECT_EQ(m.sum(t, c),
                      out ? Dyadic() : plain(tensors, term, view, c));
          }
        }
      }
    }
  }
}

// The channel is so long that it is summed in parts.
TEST(Moments, DetectANanInEveryPartOfAChannel) {
  const std::int64_t count = 600'001;
  for (const std::int64_t k : {std::int64_t{0}, count / 2, count - 1}) {
    Tensor x(DType::f32, {1, 2, count});
    x.set_bits(count + k, format(DType::f32).quiet_nan());
    const std::array tensors = {&x};
    const std::array terms = {Term{0}};
    const Moments m = moments(tensors, terms, {x.shape(), 1}, {0, 2});
    EXPECT_TRUE(m.finite(0, 0)) << k;
    EXPECT_FALSE(m.finite(0, 1)) << k;
  }
}

}  // namespace
}  // namespace exactbn::moments_test
