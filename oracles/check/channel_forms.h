// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/check/kernel.h"
#include "oracles/check/screen.h"

namespace exactbn {

// The forms and tolerances of an output of some channels, as the kernels of
// check_kernel read them.
class ChannelForms {
 public:
  // `inputs` are those of the forms, x the first where it is one. Where there
  // is a screen, the forms are its.
  ChannelForms(const Judge& judge, const Screen* screen, Output output,
               const InputNames& inputs, DType dtype, const Channels& channels);

  // Tolerances for that eta, rounded down a little, or up where `slack` is
  // positive. Of 0 they are 0, and no condition is asked for.
  void set_tolerance(double eta, double slack, Sizes sizes = Sizes::exact);

  // Whether the forms are a screen's.
  bool estimated() const { return screen_ != nullptr; }

  CheckForms forms() const;

  // The tolerance of value i of a block, whatever is set.
  double tolerance(std::int64_t i,
                   const std::array<double, CheckForms::kMost>& in, double eta,
                   double slack, Sizes sizes) const;

 private:
  // What forms() points to; of some there is one for each input.
  static constexpr std::size_t kEach = CheckForms::kMost;
  enum Column : std::size_t {
    kHigh = 0,
    kLow = kHigh + kEach,
    kTol = kLow + kEach,
    kOffsetHigh = kTol + kEach,
    kOffsetLow,
    kTolCentred,
    kTolOne,
    kCentre,
    kBounds,                       // those of FormBounds
    kRough = kBounds + kEach + 2,  // likewise
    kColumns = kRough + kEach + 2,
  };
  static constexpr std::size_t kRelative = 0;
  static constexpr std::size_t kRestOne = 1;
  static constexpr std::size_t kRest = 2;  // and those after it

  // The form itself, its slopes in the order of the inputs.
  struct Form {
    std::array<DoubleDouble, CheckForms::kMost> slopes;
    DoubleDouble offset;
    FormError error;
  };

  double* column(std::size_t which) {
    return columns_.data() + which * static_cast<std::size_t>(channels_.count);
  }
  const double* column(std::size_t which) const {
    return columns_.data() + which * static_cast<std::size_t>(channels_.count);
  }

  Form form_of(std::int64_t channel) const;
  void set_form(std::int64_t i);
  void set_bounds(Column bounds, std::int64_t i, const Form& form,
                  const FormRounding& rounding);
  FormBounds bounds_of(Column bounds) const;
  static double rounded(Wide tolerance, double slack);

  const Judge* judge_;
  const Screen* screen_;  // or null
  const Tolerances* tolerances_;
  Output output_;
  InputNames inputs_;
  DType dtype_;
  Channels channels_;
  std::vector<double> columns_;  // all in one, to be copied at once
  double eta_ = -1;              // that the tolerances are for
  double slack_ = 0;
  Sizes sizes_ = Sizes::exact;
};

}  // namespace exactbn
