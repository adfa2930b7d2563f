// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "oracles/check/kernel.h"
#include "oracles/check/screen.h"

namespace exactbn {

// The affine forms and tolerances of an output in several channels, in the
// layout that check_kernels() read.
class ChannelForms {
 public:
  // `inputs` are the inputs of the forms, with x first if it is one of them. If
  // `screen` is not null, the forms are estimates of the screen.
  ChannelForms(const Judge& judge, const Screen* screen, Output output,
               const InputNames& inputs, DType dtype, const Channels& channels);

  // Sets the tolerances at `eta`, rounded up by the factor 1 + slack, or down
  // if `slack` is negative. At eta = 0 they are 0, and no condition is
  // computed.
  void set_tolerance(double eta, double slack, Sizes sizes = Sizes::exact);

  // Whether the forms are a screen's estimates.
  bool estimated() const { return screen_ != nullptr; }

  CheckForms forms() const;

  // The tolerance of value i of a block, independent of set_tolerance.
  double tolerance(std::int64_t i,
                   const std::array<double, CheckForms::kMost>& in, double eta,
                   double slack, Sizes sizes);

 private:
  // The columns that forms() points to; some exist once per input.
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
    kBounds,                       // a FormBounds
    kRough = kBounds + kEach + 2,  // a FormBounds
    kColumns = kRough + kEach + 2,
  };
  static constexpr std::size_t kRelative = 0;
  static constexpr std::size_t kRestOne = 1;
  static constexpr std::size_t kRest = 2;  // one per input

  // The form of one channel, its slopes in the order of the inputs.
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

  // The tolerances of a channel, of which the last few are kept: they take
  // longer than all else about a value.
  const Magnitudes& magnitudes(std::int64_t channel, double eta, Sizes sizes);

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
  std::vector<double> columns_;  // one vector, so that copies are cheap
  double eta_ = -1;              // of the tolerances
  double slack_ = 0;
  Sizes sizes_ = Sizes::exact;

  struct Kept {
    std::int64_t channel = -1;
    double eta = 0;
    Sizes sizes = Sizes::exact;
    Magnitudes magnitudes;
  };
  std::array<Kept, 4> kept_;
  std::size_t oldest_ = 0;
};

}  // namespace exactbn
