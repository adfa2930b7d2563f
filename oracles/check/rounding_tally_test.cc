// SPDX-License-Identifier: Apache-2.0
// Stores results of sound algorithms with every rounding.
#include "oracles/check/rounding_tally.h"

#include <gtest/gtest.h>

#include <functional>

#include "oracles/zoo/trial.h"
#include "reference/testing/trials.h"

namespace exactbn::rounding_tally_test {
namespace {

using namespace zoo;

// Turns a result into the bits of a format.
using Store = std::function<std::uint64_t(double, DType)>;

std::uint64_t to_nearest(double value, DType dtype) {
  return round_to(value, dtype);
}

// The neighbours of a value have the magnitudes n and n + 1.
std::uint64_t store_as(StoreRounding rounding, Draw& draw, double value,
                       DType dtype) {
  const std::uint64_t bits = round_to(value, dtype);
  const double near = to_double(bits, dtype);
  if (!is_finite(bits, dtype) || near == value) return bits;
  const bool inside = std::fabs(near) < std::fabs(value);
  const std::uint64_t small = inside ? bits : bits - 1;
  const double low = std::fabs(to_double(small, dtype));
  const double high = std::fabs(to_double(small + 1, dtype));
  const double place = (std::fabs(value) - low) / (high - low);
  switch (rounding) {
    case StoreRounding::nearest:
      return bits;
    case StoreRounding::toward_zero:
      return small;
    case StoreRounding::away:
      return small + 1;
    case StoreRounding::up:
      return value > 0 ? small + 1 : small;
    case StoreRounding::down:
      return value > 0 ? small : small + 1;
    case StoreRounding::stochastic:
      break;
  }
  return draw.unit() < place ? small + 1 : small;
}

Store storing(StoreRounding rounding, Draw& draw) {
  return [rounding, &draw](double value, DType dtype) {
    return store_as(rounding, draw, value, dtype);
  };
}

template <class W>
Tensor stored(const Values<W>& values, const Tensor& like, const Store& store) {
  Tensor tensor(like.dtype(), like.shape());
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const W value = values[static_cast<std::size_t>(i)];
    tensor.set_bits(i, store(static_cast<double>(value), like.dtype()));
  }
  return tensor;
}

RoundingTally tally(const Problem& p, const Declaration& declaration,
                    Output output, Tensor values) {
  Answer answer;
  answer.outputs.emplace(output, std::move(values));
  const CaseVerdict verdict =
      check({"a", p, {}}, declaration, answer, Grade::sequential);
  return rounding_tallies(p, declaration, answer.outputs, verdict.outputs)
      .front();
}

template <class W>
Declaration accumulating() {
  Declaration d;
  d.accumulation = kDTypeOf<W>;
  d.allows_short_accumulation = true;
  return d;
}

template <class W>
RoundingTally y_tally(const Problem& p, const Statistics<W>& s,
                      Affine<W> affine, const Store& store) {
  const Normalizer<W> n = normalizer(s, p.epsilon);
  Values<W> y;
  for (const W xi : values_of<W>(p.x())) {
    y.push_back(affine(xi, n, parameter<W>(p, Input::gamma),
                       parameter<W>(p, Input::beta)));
  }
  return tally(p, accumulating<W>(), Output::y, stored(y, p.x(), store));
}

template <class W>
RoundingTally dx_tally(const Problem& p, const GradientFormula<W>& formula,
                       const Store& store) {
  const Values<W> x = values_of<W>(p.x());
  const Values<W> dy = values_of<W>(p.inputs.at(Input::dy));
  const BackwardInput<W> in = {x, dy, parameter<W>(p, Input::gamma),
                               normalizer(two_pass_all_wide(x), p.epsilon),
                               Order::pairwise};
  return tally(p, accumulating<W>(), Output::dx,
               stored(formula.run(in).dx, p.x(), store));
}

// The second half of the values repeats the first.
void repeat(Tensor& tensor) {
  const std::int64_t half = tensor.size() / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    tensor.set_bits(half + i, tensor.bits(i));
  }
}

// The tally of one channel, whose values occur twice.
template <class W>
RoundingTally draw_tally(Draw& draw, DType dtype, Operation operation,
                         std::int64_t m, const Store& store) {
  Problem p = draw_channel(draw, dtype, operation, m);
  repeat(p.inputs[Input::x]);
  if (operation == Operation::backward_training) repeat(p.inputs[Input::dy]);
  const auto pick = draw.below(4);
  if (operation == Operation::backward_training) {
    return dx_tally<W>(p, kGradientFormulas<W>[pick], store);
  }
  const auto sound = sound_statistics<W>();
  const Values<W> x = values_of<W>(p.x());
  return y_tally<W>(p, sound[draw.below(sound.size())].run(x),
                    kAffineForms<W>[pick].run, store);
}

constexpr std::array kOperationsHere = {Operation::forward_training,
                                        Operation::backward_training};

template <class W>
void expect_told(DType dtype, std::uint64_t seed) {
  Draw draw(seed);
  for (const Operation operation : kOperationsHere) {
    for (const StoreRounding rounding :
         {StoreRounding::nearest, StoreRounding::toward_zero,
          StoreRounding::away, StoreRounding::up, StoreRounding::down,
          StoreRounding::stochastic}) {
      RoundingTally all;
      for (int channel = 0; channel < 250; ++channel) {
        all +=
            draw_tally<W>(draw, dtype, operation, 64, storing(rounding, draw));
      }
      const std::string where = std::string(format(dtype).name) + ' ' +
                                std::string(to_string(operation)) + ' ' +
                                std::string(to_string(rounding));
      EXPECT_EQ(rounding_text(all), to_string(rounding)) << where;
      const bool biased = rounding != StoreRounding::nearest &&
                          rounding != StoreRounding::stochastic;
      EXPECT_EQ(is_biased(all, StoreRounding::nearest), biased) << where;
      EXPECT_FALSE(is_biased(all, rounding)) << where;
      EXPECT_GT(all.values, 1000) << where;
      const double mean = all.growth / static_cast<double>(all.values);
      const double expected = rounding == StoreRounding::toward_zero ? -0.5
                              : rounding == StoreRounding::away      ? 0.5
                                                                     : 0;
      if (biased == (expected != 0)) {
        EXPECT_NEAR(mean, expected, 0.1) << where;
      }
    }
  }
}

TEST(RoundingTallies, TellEveryRoundingOfAStore) {
  expect_told<float>(DType::bf16, 1);
  expect_told<float>(DType::f16, 2);
  expect_told<double>(DType::f32, 3);
}

// No chance is involved: there is no evident value.
TEST(RoundingTallies, NoSoundAlgorithmIsEvidentlyMisrounded) {
  Draw draw(4);
  std::int64_t clear = 0;
  for (int trial = 0; trial < trials(1500); ++trial) {
    const std::int64_t m = std::min<std::int64_t>(draw_count(draw), 4096);
    const Operation operation = kOperationsHere[draw.below(2)];
    constexpr std::array kShort = {DType::f16, DType::bf16, DType::f8e4m3fn,
                                   DType::f8e5m2};
    const DType dtype = kShort[draw.below(4)];
    const RoundingTally one =
        draw.below(4) == 0
            ? draw_tally<double>(draw, DType::f32, operation, m, to_nearest)
            : draw_tally<float>(draw, dtype, operation, m, to_nearest);
    EXPECT_EQ(one.evident, 0) << "trial " << trial;
    clear += one.clear;
  }
  EXPECT_GT(clear, trials(20'000));
}

// y near 1, with any parameters, in bf16.
Problem draw_near_one(Draw& draw) {
  Problem p;
  p.operation = Operation::forward_training;
  p.epsilon = 0x1p-17;
  p.inputs[Input::x] =
      draw_values(draw, DType::bf16, 64, draw.normal(), draw.between(1, 2));
  p.inputs[Input::gamma] = tensor_of(static_cast<float>(draw.between(1, 2)));
  p.inputs[Input::beta] = tensor_of(static_cast<float>(draw.normal()));
  return p;
}

template <class Tally>
RoundingTally of_channels(int channels, const Tally& tally_of) {
  Draw draw(7);
  RoundingTally all;
  for (int c = 0; c < channels; ++c) all += tally_of(draw_near_one(draw));
  return all;
}

TEST(RoundingTallies, SeveralRoundingsToNearestAreNotEvident) {
  // Bits of the result of an earlier rounding: 1 to 3 more than bf16 has.
  for (const int bits : {9, 10, 11}) {
    const Store twice = [bits](double value, DType dtype) {
      int exponent = 0;
      const double f = std::frexp(value, &exponent);
      const double first =
          std::ldexp(std::nearbyint(std::ldexp(f, bits)), exponent - bits);
      return round_to(first, dtype);
    };
    const RoundingTally all = of_channels(60, [&](const Problem& p) {
      return y_tally<float>(p, two_pass_all_wide(values_of<float>(p.x())),
                            direct<float>, twice);
    });
    EXPECT_EQ(all.evident, 0) << bits;
    EXPECT_EQ(rounding_text(all), "nearest") << bits;
  }
}

float in_bf16(float value) {
  return static_cast<float>(to_double(
      round_to(static_cast<double>(value), DType::bf16), DType::bf16));
}

TEST(RoundingTallies, BetaAddedInBf16IsNotBiased) {
  const RoundingTally all = of_channels(200, [](const Problem& p) {
    return y_tally<float>(
        p, two_pass_all_wide(values_of<float>(p.x())),
        [](float x, Normalizer<float> n, float gamma, float beta) {
          return in_bf16(gamma * ((x - n.mean) * n.invstd)) + beta;
        },
        to_nearest);
  });
  EXPECT_GT(all.channels, kRoundingChannels);
  EXPECT_EQ(rounding_text(all), "something else");
  EXPECT_FALSE(is_biased(all, StoreRounding::nearest));
}

TEST(RoundingTallies, StatisticsInBf16AreNotBiased) {
  for (const bool mean : {false, true}) {
    const RoundingTally all = of_channels(200, [mean](const Problem& p) {
      Statistics<float> s = two_pass_all_wide(values_of<float>(p.x()));
      (mean ? s.mean : s.var) = in_bf16(mean ? s.mean : s.var);
      return y_tally<float>(p, s, direct<float>, to_nearest);
    });
    EXPECT_GT(all.evident, 0);
    EXPECT_FALSE(rounding_of(all)) << rounding_text(all);
    EXPECT_FALSE(is_biased(all, StoreRounding::nearest));
  }
}

RoundingTally truncated(const Problem& p) {
  Draw draw(8);
  return y_tally<float>(p, two_pass_all_wide(values_of<float>(p.x())),
                        direct<float>,
                        storing(StoreRounding::toward_zero, draw));
}

TEST(RoundingTallies, AFewChannelsTellNothing) {
  const RoundingTally few = of_channels(31, truncated);
  EXPECT_EQ(few.channels, 31);
  EXPECT_EQ(rounding_text(few), "cannot be told");
  EXPECT_EQ(rounding_text(of_channels(32, truncated)), "toward zero");
}

TEST(RoundingTallies, ExtremeChannelsDoNotCount) {
  Draw draw(9);
  Problem p = draw_near_one(draw);
  EXPECT_GT(truncated(p).evident, 0);
  // The sum of squares overflows f32.
  p.inputs[Input::x] = draw_values(draw, DType::bf16, 64, 0, 0x1p63);
  const RoundingTally large = truncated(p);
  EXPECT_GT(large.clear, 0);
  EXPECT_EQ(large.evident, 0);
  EXPECT_EQ(large.telling_channels, 0);
}

TEST(RoundingTallies, OnlyNormalNumbersCount) {
  Draw draw(10);
  Problem p = draw_near_one(draw);
  p.inputs[Input::beta] = tensor_of(0.0F);
  p.inputs[Input::x] = draw_values(draw, DType::f16, 64, 0, 1);
  EXPECT_GT(truncated(p).values, 50);
  for (const float gamma : {0x1p-18F, 0x1p40F, 0.0F}) {
    p.inputs[Input::gamma] = tensor_of(gamma);
    EXPECT_EQ(truncated(p).values, 0) << gamma;
  }
}

TEST(RoundingTallies, AreEmptyForTheWorkingFormat) {
  Draw draw(11);
  const Problem p =
      draw_channel(draw, DType::f32, Operation::forward_training, 64);
  const Store store = storing(StoreRounding::toward_zero, draw);
  const auto y = [&]<class W>(W) {
    return y_tally<W>(p, two_pass_all_wide(values_of<W>(p.x())), direct<W>,
                      store);
  };
  EXPECT_EQ(y(float()), RoundingTally());
  EXPECT_GT(y(double()).values, 0);
}

}  // namespace
}  // namespace exactbn::rounding_tally_test
