// SPDX-License-Identifier: Apache-2.0
#include "oracles/double_subject.h"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cmath>
#include <cstdint>

#include "oracles/textbook_tensors.h"

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;

// A double but for its exponent, which has 15 bits.
using WideDouble = mp::number<
    mp::cpp_bin_float<53, mp::digit_base_2, void, std::int16_t, -16382, 16383>,
    mp::et_off>;

// Zeros and special values are alike in both types.
bool lies_within(double value, int exponent) {
  const double size = std::abs(value);
  return size == 0 || !std::isfinite(size) ||
         std::abs(std::ilogb(size)) < exponent;
}

// Where every input lies between 2^-256 and 2^256, a variance that is not 0
// lies between 2^-700 and 2^700, and nothing but a result can leave the range
// of a double, whatever epsilon. To second order, with invstd^3, the limits
// are 2^-64 and 2^64, and epsilon has to keep to them.
bool fits_double(const Problem& problem) {
  const bool second_order = problem.find("x_dot") || problem.find("ddx");
  const int exponent = second_order ? 64 : 256;
  if (second_order && !lies_within(problem.epsilon, exponent)) return false;
  for (const auto& [name, tensor] : problem.inputs) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (!lies_within(tensor.value(i), exponent)) return false;
    }
  }
  return true;
}

}  // namespace

DoubleSubject::DoubleSubject() {
  declaration_.subject = "double";
  declaration_.accumulation = DType::f64;
}

Answer DoubleSubject::answer(const Case& c) {
  const Problem& problem = c.problem;
  Answer answer;
  answer.outputs = fits_double(problem) ? textbook_tensors<double>(problem)
                                        : textbook_tensors<WideDouble>(problem);
  return answer;
}

}  // namespace exactbn
