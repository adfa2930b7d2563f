// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "oracles/subject.h"
#include "reference/ulp.h"

namespace exactbn::formula {

// A wrong value of an output, and what may be told apart from it.
struct WrongValue {
  std::size_t place = 0;  // of the case
  std::int64_t channel = 0;
  DType dtype = DType::f32;
  Wide got = 0;
  Wide right = 0;
  Wide offset = 0;     // beta for y, else 0
  Wide scale = 1;      // gamma for y, else 1
  Wide tolerance = 0;  // of the right value
};

// What is remarkable in the wrong values themselves, where no formula gives
// them: "each is a bf16 value: something before the result is kept in bf16";
// empty if nothing is. `everywhere`: most cases have wrong values.
std::string fingerprint(Output output, std::span<const WrongValue> values,
                        bool everywhere);

}  // namespace exactbn::formula
