// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/check_kernel.h"
#include "oracles/screen.h"

namespace exactbn {

// The forms and tolerances of an output of some channels, as the kernels of
// check_kernel read them.
class ChannelTests {
 public:
  // `inputs` are those of the forms, x the first where it is one. Where there
  // is a screen, the forms are its.
  ChannelTests(const Judge& judge, const Screen* screen,
               std::string_view output,
               const std::vector<std::string_view>& inputs, DType dtype,
               const Channels& channels);

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
  using Column = std::vector<double>;

  // Columns of FormBounds.
  struct Bounds {
    Column relative;
    std::vector<Column> rest;
    Column rest_one;
  };

  // The form itself, its slopes in the order of the inputs.
  struct Form {
    std::array<DoubleDouble, CheckForms::kMost> slopes;
    DoubleDouble offset;
    FormError error;
  };

  Form form_of(std::int64_t channel) const;
  void set_form(std::int64_t i);
  void set_bounds(Bounds& bounds, std::size_t i, const Form& form,
                  const FormRounding& rounding) const;
  static double rounded(Wide tolerance, double slack);

  const Judge* judge_;
  const Screen* screen_;
  std::string_view output_;
  std::vector<std::string_view> inputs_;
  DType dtype_;
  Channels channels_;
  std::vector<Column> high_;
  std::vector<Column> low_;
  std::vector<Column> tol_;
  Column offset_high_;
  Column offset_low_;
  Bounds bounds_;
  Bounds rough_;  // of f64 alone
  Column tol_centred_;
  Column tol_one_;
  Column centre_;
  double eta_ = -1;  // that the tolerances are for
  double slack_ = 0;
  Sizes sizes_ = Sizes::exact;
};

}  // namespace exactbn
