// SPDX-License-Identifier: Apache-2.0
#include "oracles/double_subject.h"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cstdint>
#include <optional>

#include "oracles/arithmetic_flags.h"
#include "oracles/output_format.h"
#include "oracles/textbook_tensors.h"
#include "reference/plain_textbook.h"

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;

// A double but for its exponent, which has 15 bits.
using WideDouble = mp::number<
    mp::cpp_bin_float<53, mp::digit_base_2, void, std::int16_t, -16382, 16383>,
    mp::et_off>;

// Never inlined, so that what is calculated stays between the calls that set
// the arithmetic and ask what came of it.
template <class Real>
[[gnu::noinline]] void calculate(PlainTextbook<Real>& textbook) {
  textbook.run();
}

// Each output, rounded once to its format.
template <class Real>
Tensors to_tensors(const Problem& problem, PlainTextbook<Real>& textbook) {
  Tensors tensors;
  std::optional<DType> of_channels;  // those of one value a channel have one
  for (const std::string_view name : output_names(problem)) {
    const bool like_x = shaped_like_x(name);
    if (!like_x && !of_channels) of_channels = output_format(problem, name);
    Tensor tensor(like_x ? problem.x().dtype() : *of_channels,
                  output_shape(problem, name));
    tensor.round_values(textbook.in_order(name));
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

// In doubles, where no operation leaves their range: then none rounds another
// way than it does where exponents have no limits, as IEEE 754 tells overflow
// by a flag, and underflow that lost something. Nothing where one did.
std::optional<Tensors> in_doubles(const Problem& problem) {
  PlainTextbook<double> textbook(problem);
  const RangeFlags flags;
  calculate(textbook);
  if (flags.raised()) return std::nullopt;
  return to_tensors(problem, textbook);
}

#if defined(EXACTBN_HAS_X87)
// In the registers that have 15 bits of exponent anyway, told to round to 53
// bits. Nothing where even those do not do.
std::optional<Tensors> in_wide_doubles(const Problem& problem) {
  PlainTextbook<long double> textbook(problem);
  {
    const X87InDoublePrecision doubles;
    calculate(textbook);
    if (doubles.left_range()) return std::nullopt;
  }
  return to_tensors(problem, textbook);
}
#else
std::optional<Tensors> in_wide_doubles(const Problem&) { return std::nullopt; }
#endif

Declaration make_declaration() {
  Declaration declaration;
  declaration.subject = "double";
  declaration.accumulation = DType::f64;
  return declaration;
}

}  // namespace

const Declaration& DoubleSubject::declaration() const {
  static const Declaration declaration = make_declaration();
  return declaration;
}

Answer DoubleSubject::answer(const Case& c) {
  const Problem& problem = c.problem;
  Answer answer;
  auto outputs = in_doubles(problem);
  if (!outputs) outputs = in_wide_doubles(problem);
  answer.outputs =
      outputs ? std::move(*outputs) : textbook_tensors<WideDouble>(problem);
  return answer;
}

}  // namespace exactbn
