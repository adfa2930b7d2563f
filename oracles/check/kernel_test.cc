// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/kernel.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "reference/testing/each_instruction_set.h"

namespace exactbn::kernel_test {
namespace {

constexpr std::int64_t kMostValues = 80;
constexpr std::size_t kColumns = 13;

// y = slope x + offset of every column, correctly rounded, as Real.
template <class Real>
class Affine {
 public:
  static constexpr DType kDType =
      sizeof(Real) == sizeof(float) ? DType::f32 : DType::f64;

  explicit Affine(std::int64_t width) {
    const FormRounding rounding = form_rounding(kDType, 1);
    const FormRounding rough = rough_rounding(1);
    for (std::size_t c = 0; c < kColumns; ++c) {
      // Numbers of few bits, so that products and sums are exact.
      slope_[c] = 0.75 + static_cast<double>(c);
      offset_[c] = 0x1p-8 * static_cast<double>(c + 1);
      relative_[c] = rounding.of_form + rounding.of_terms;
      rough_[c] = rough.of_form + rough.of_terms;
      rest_[c] = rounding.of_terms * offset_[c] + kLeastError;
      rough_rest_[c] = rough.of_terms * offset_[c] + kLeastError;
      tol_[c] = 0x1p-60;
    }
    forms_.width = width;
    forms_.k = 1;
    forms_.high[0] = slope_.data();
    forms_.low[0] = slope_low_.data();
    forms_.offset_high = offset_.data();
    forms_.offset_low = zero_.data();
    forms_.bounds = {relative_.data(), {zero_.data()}, rest_.data()};
    forms_.rough = {rough_.data(), {zero_.data()}, rough_rest_.data()};
    forms_.tol[0] = tol_.data();
    forms_.tol_centred = forms_.tol_one = forms_.centre = zero_.data();
    for (std::int64_t i = 0; i < kMostValues; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto c = static_cast<std::size_t>(i % width);
      x_[at] = static_cast<Real>(static_cast<double>(i * 37 % 101) / 64 - 0.5);
      y_[at] = static_cast<Real>(slope_[c] * static_cast<double>(x_[at]) +
                                 offset_[c]);
    }
  }

  // Whether the first n values pass each test.
  bool are_within_half_ulp(const CheckKernels& kernels, std::int64_t n) const {
    return kernels.within_half_ulp(forms_, values(), n, kDType, 0.5);
  }
  bool are_within_tolerance(const CheckKernels& kernels, std::int64_t n) const {
    return kernels.within_tolerance(forms_, values(), n, kDType, 0.5);
  }

  // Makes every form 1.5 + 0.7 ulp: 0.4 are lost when the offset is added, 0.3
  // are in the low part of the slope. Every answer becomes 1.5.
  void set_to_parts_of_an_ulp() {
    constexpr double ulp = 0x1p-52;
    slope_.fill(1.5);
    slope_low_.fill(0.3 * ulp);
    offset_.fill(0.4 * ulp);
    x_.fill(1);
    y_.fill(1.5);
  }

  void step_away(std::int64_t i) {
    Real& y = y_[static_cast<std::size_t>(i)];
    y = std::nextafter(y, Real{1000});
  }
  void step_back(std::int64_t i) {
    Real& y = y_[static_cast<std::size_t>(i)];
    y = std::nextafter(y, Real{-1000});
  }

 private:
  CheckValues values() const {
    CheckValues values;
    values.floats = kDType == DType::f32;
    values.in[0] = x_.data();
    values.got = y_.data();
    return values;
  }

  CheckForms forms_;
  std::array<double, kColumns> slope_;
  std::array<double, kColumns> slope_low_{};
  std::array<double, kColumns> offset_;
  std::array<double, kColumns> relative_;
  std::array<double, kColumns> rough_;
  std::array<double, kColumns> rest_;
  std::array<double, kColumns> rough_rest_;
  std::array<double, kColumns> tol_;
  std::array<double, kColumns> zero_{};
  std::array<Real, kMostValues> x_;
  std::array<Real, kMostValues> y_;
};

// Every instruction set notices a value an ulp away wherever it is, even in a
// partial vector at the end of a row or of the values.
template <class Real>
void expect_one_wrong_value_is_noticed(std::int64_t width) {
  Affine<Real> values(width);
  on_each_instruction_set([&] {
    for (const CheckKernels& kernels : check_kernels()) {
      if (width > 1 && width < kernels.pack) continue;
      for (std::int64_t n = width; n <= kMostValues; n += width) {
        if (n < kernels.pack) continue;
        SCOPED_TRACE(testing::Message() << "packs of " << kernels.pack << ", "
                                        << n << " values in rows of " << width);
        ASSERT_TRUE(values.are_within_half_ulp(kernels, n));
        ASSERT_TRUE(values.are_within_tolerance(kernels, n));
        for (std::int64_t i = 0; i < n; ++i) {
          values.step_away(i);
          ASSERT_FALSE(values.are_within_half_ulp(kernels, n)) << i;
          ASSERT_FALSE(values.are_within_tolerance(kernels, n)) << i;
          values.step_back(i);
        }
      }
    }
  });
}

TEST(CheckKernel, NoticesOneWrongValueOfAChannel) {
  expect_one_wrong_value_is_noticed<float>(1);
  expect_one_wrong_value_is_noticed<double>(1);
}

TEST(CheckKernel, AddsWhatASumLoses) {
  for (const CheckKernels& kernels : check_kernels()) {
    Affine<double> values(1);
    values.set_to_parts_of_an_ulp();
    EXPECT_FALSE(values.are_within_half_ulp(kernels, kernels.pack));
    for (std::int64_t i = 0; i < kernels.pack; ++i) values.step_away(i);
    EXPECT_TRUE(values.are_within_half_ulp(kernels, kernels.pack));
  }
}

TEST(CheckKernel, NoticesOneWrongValueOfColumns) {
  for (const std::int64_t width : {4, 7, 8, 9, 12, 13}) {
    expect_one_wrong_value_is_noticed<float>(width);
    expect_one_wrong_value_is_noticed<double>(width);
  }
}

}  // namespace
}  // namespace exactbn::kernel_test
