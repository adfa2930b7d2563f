// SPDX-License-Identifier: Apache-2.0
#include "oracles/double_subject.h"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cfenv>
#include <cstdint>
#include <optional>

#include "oracles/textbook_tensors.h"

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;

// A double but for its exponent, which has 15 bits.
using WideDouble = mp::number<
    mp::cpp_bin_float<53, mp::digit_base_2, void, std::int16_t, -16382, 16383>,
    mp::et_off>;

// In doubles, where no operation leaves their range: then none rounds another
// way than it does where exponents have no limits, as IEEE 754 tells overflow
// by a flag, and underflow that lost something. Nothing where one did. Never
// inlined, so that what is calculated stays between the calls that clear and
// read the flags.
[[gnu::noinline]] Outputs<double> doubles(const Problem& problem) {
  return Textbook<double>(problem).outputs();
}

std::optional<Tensors> in_range(const Problem& problem) {
  constexpr int kOut = FE_OVERFLOW | FE_UNDERFLOW;
  std::feclearexcept(kOut);
  Outputs<double> all = doubles(problem);
  if (std::fetestexcept(kOut) != 0) return std::nullopt;
  return to_tensors(problem, all);
}

}  // namespace

DoubleSubject::DoubleSubject() {
  declaration_.subject = "double";
  declaration_.accumulation = DType::f64;
}

Answer DoubleSubject::answer(const Case& c) {
  const Problem& problem = c.problem;
  Answer answer;
  auto outputs = in_range(problem);
  answer.outputs =
      outputs ? std::move(*outputs) : textbook_tensors<WideDouble>(problem);
  return answer;
}

}  // namespace exactbn
