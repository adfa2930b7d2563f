// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded/affine_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/draw.h"
#include "reference/number/surd.h"
#include "reference/testing/each_instruction_set.h"
#include "reference/testing/trials.h"

namespace exactbn::affine_kernel_test {
namespace {

constexpr std::size_t kMost = FormColumns::kMost;

std::uint64_t nearest_bits(const Dyadic& x, DType dtype) {
  return round_to(Surd{x, 0, 1, 1}, dtype);
}

double nearest(const Dyadic& x) {
  return to_double(nearest_bits(x, DType::f64), DType::f64);
}

// An affine form at one place; its coefficients have more digits than two
// doubles hold.
struct Sample {
  std::array<double, kMost> high{};
  std::array<double, kMost> low{};
  std::array<double, kMost> in{};
  double offset_high = 0;
  double offset_low = 0;
  Dyadic value;
  // From the value to a midpoint, in units of u^2 M for f64, else of u M.
  double distance = 0;
};

double ranged(Draw& draw) {
  const auto exponent = static_cast<int>(draw.below(7)) - 3;
  return std::ldexp(draw.normal(), exponent);
}

// Halfway between two neighbours in the format, of a magnitude near |size|.
Dyadic midpoint(double size, DType dtype) {
  const std::uint64_t bits = round_to(size, dtype);
  return (decode(bits, dtype) + decode(bits + 1, dtype)) * Dyadic(1, -1);
}

// The offset puts the value near a midpoint, and makes it smaller than the
// terms, which cancel.
Sample sample(Draw& draw, std::size_t k, DType dtype) {
  Sample s;
  Dyadic sum;
  double size = 0;
  for (std::size_t j = 0; j < k; ++j) {
    const Dyadic c = dyadic(ranged(draw)) + dyadic(0x1p-54 * ranged(draw)) +
                     dyadic(0x1p-107 * ranged(draw));
    s.high[j] = nearest(c);
    s.low[j] = nearest(c - dyadic(s.high[j]));
    s.in[j] = ranged(draw);
    sum += c * dyadic(s.in[j]);
    size += std::fabs(s.high[j] * s.in[j]);
  }
  const bool wide = dtype == DType::f64;
  const auto cancelled = static_cast<int>(draw.below(wide ? 40 : 12));
  const Dyadic target =
      midpoint(std::ldexp(size * draw.sign(), -cancelled), dtype);
  size += std::fabs(nearest(target - sum));
  s.distance = draw.below(2) ? 4 * draw.normal() : draw.between(-256, 256);
  s.value =
      target + dyadic(s.distance) * dyadic(size) * Dyadic(1, wide ? -106 : -53);
  const Dyadic offset = s.value - sum;
  s.offset_high = nearest(offset);
  s.offset_low = nearest(offset - dyadic(s.offset_high));
  return s;
}

struct Answer {
  double rounded;
  std::uint8_t open;
};

Answer evaluate_alone(const Sample& s, std::size_t k, DType dtype) {
  FormColumns forms;
  forms.k = k;
  forms.offset_high = &s.offset_high;
  forms.offset_low = &s.offset_low;
  std::array<const double*, kMost> in{};
  for (std::size_t j = 0; j < k; ++j) {
    forms.high[j] = &s.high[j];
    forms.low[j] = &s.low[j];
    in[j] = &s.in[j];
  }
  Answer answer{};
  evaluate(forms, in, 1, dtype, &answer.rounded, &answer.open);
  return answer;
}

// bounds.md: ends err by at most 24 u^2 M or 5 u M, and B is 64 u^2 M or 8 u M.
// If a value is farther from a midpoint than the sum of both, B decides.
double decided_from(DType dtype) { return dtype == DType::f64 ? 89 : 14; }

TEST(AffineKernel, IsRightNearMidpointsAndOpenOnlyWithinItsBound) {
  Draw draw(1);
  for (const DType dtype : kDTypes) {
    for (std::size_t k = 1; k <= kMost; ++k) {
      for (int trial = 0; trial < trials(5000); ++trial) {
        const Sample s = sample(draw, k, dtype);
        const Answer answer = evaluate_alone(s, k, dtype);
        if (answer.open) {
          ASSERT_LT(std::fabs(s.distance), decided_from(dtype))
              << format(dtype).name << ", k = " << k;
          continue;
        }
        ASSERT_EQ(round_to(answer.rounded, dtype), nearest_bits(s.value, dtype))
            << format(dtype).name << ", k = " << k << ", at " << s.distance;
      }
    }
  }
}

// Products at or beside the midpoint of two subnormals lose their last bits. In
// the other formats they round to zeros of either sign.
TEST(AffineKernel, IsRightIfProductsUnderflow) {
  Draw draw(2);
  for (const DType dtype : kDTypes) {
    for (int trial = 0; trial < 1000; ++trial) {
      const auto odd = static_cast<std::int64_t>(2 * draw.below(1 << 20) + 1);
      const auto beside = static_cast<std::int64_t>(draw.below(3)) - 1;
      const Dyadic c = Dyadic(odd, -875) + Dyadic(beside, -940);
      Sample s;
      s.high[0] = nearest(c);
      s.low[0] = nearest(c - dyadic(s.high[0]));
      s.in[0] = draw.sign() * 0x1p-200;
      const Answer answer = evaluate_alone(s, 1, dtype);
      if (answer.open) continue;
      ASSERT_EQ(round_to(answer.rounded, dtype),
                nearest_bits(c * dyadic(s.in[0]), dtype))
          << format(dtype).name;
    }
  }
}

// Samples as columns, so that each place has its own affine form.
struct Columns {
  explicit Columns(const std::vector<Sample>& samples) {
    for (const Sample& s : samples) {
      for (std::size_t j = 0; j < kMost; ++j) {
        high[j].push_back(s.high[j]);
        low[j].push_back(s.low[j]);
        in[j].push_back(s.in[j]);
      }
      offset_high.push_back(s.offset_high);
      offset_low.push_back(s.offset_low);
    }
  }

  std::array<std::vector<double>, kMost> high;
  std::array<std::vector<double>, kMost> low;
  std::array<std::vector<double>, kMost> in;
  std::vector<double> offset_high;
  std::vector<double> offset_low;
};

std::vector<Answer> evaluate_together(const std::vector<Sample>& samples,
                                      std::size_t k, DType dtype) {
  const Columns columns(samples);
  FormColumns forms;
  forms.k = k;
  forms.width = std::ssize(samples);
  forms.offset_high = columns.offset_high.data();
  forms.offset_low = columns.offset_low.data();
  std::array<const double*, kMost> in{};
  for (std::size_t j = 0; j < k; ++j) {
    forms.high[j] = columns.high[j].data();
    forms.low[j] = columns.low[j].data();
    in[j] = columns.in[j].data();
  }
  std::vector<double> rounded(samples.size());
  std::vector<std::uint8_t> open(samples.size());
  const std::int64_t count =
      evaluate(forms, in, static_cast<std::int64_t>(samples.size()), dtype,
               rounded.data(), open.data());
  EXPECT_EQ(count, std::count(open.begin(), open.end(), 1));
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    answers.push_back({rounded[i], open[i]});
  }
  return answers;
}

TEST(AffineKernel, APlaceDependsOnNoNeighbourAndNoInstructionSet) {
  Draw draw(3);
  for (const DType dtype : kDTypes) {
    for (std::size_t k = 1; k <= kMost; ++k) {
      std::vector<Sample> samples;
      for (int i = 0; i < 37; ++i) samples.push_back(sample(draw, k, dtype));
      std::vector<Answer> alone;
      for (const Sample& s : samples) {
        alone.push_back(evaluate_alone(s, k, dtype));
      }
      on_each_instruction_set([&] {
        const std::vector<Answer> all = evaluate_together(samples, k, dtype);
        for (std::size_t i = 0; i < samples.size(); ++i) {
          ASSERT_EQ(all[i].open, alone[i].open)
              << format(dtype).name << ' ' << i;
          if (alone[i].open) continue;  // the value is meaningless
          ASSERT_EQ(all[i].rounded, alone[i].rounded);
        }
      });
    }
  }
}

}  // namespace
}  // namespace exactbn::affine_kernel_test
