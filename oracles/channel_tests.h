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
  void set_tolerance(double eta, double slack);

  CheckForms forms() const;

  // The tolerance of value i of a block.
  double tolerance(std::int64_t i,
                   const std::array<double, CheckForms::kMost>& in) const;

 private:
  using Column = std::vector<double>;

  void set_form(std::int64_t i);
  double rounded(Wide tolerance) const;

  const Judge* judge_;
  const Screen* screen_;
  std::string_view output_;
  std::vector<std::string_view> inputs_;
  DType dtype_;
  Channels channels_;
  std::vector<Column> high_;
  std::vector<Column> low_;
  std::vector<Column> rest_;
  std::vector<Column> tol_;
  Column offset_high_;
  Column offset_low_;
  Column relative_;
  Column rest_one_;
  Column tol_centred_;
  Column tol_one_;
  Column centre_;
  double eta_ = -1;  // that the tolerances are for
  double slack_ = 0;
};

}  // namespace exactbn
