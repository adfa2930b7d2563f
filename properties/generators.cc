// SPDX-License-Identifier: Apache-2.0
#include "properties/generators.h"

#include <ostream>

namespace exactbn {

rc::Gen<Draw> draws() {
  // A smaller seed is not a smaller problem.
  return rc::gen::map(
      rc::gen::noShrink(rc::gen::resize(rc::kNominalSize,
                                        rc::gen::arbitrary<std::uint64_t>())),
      [](std::uint64_t seed) { return Draw(seed); });
}

rc::Gen<DType> dtypes() { return rc::gen::elementOf(kDTypes); }

rc::Gen<Problem> problems(Operation operation) {
  return rc::gen::apply(
      [operation](Draw draw, DType dtype) {
        return draw_problem(draw, operation, dtype);
      },
      draws(), dtypes());
}

rc::Gen<Problem> problems(const DrawOptions& options) {
  return rc::gen::map(draws(), [options](Draw draw) {
    return draw_case(options, draw.bits(), 0).problem;
  });
}

void showValue(const Tensor& tensor, std::ostream& os) {
  os << format(tensor.dtype()).name << ' ' << to_string(tensor.shape()) << " {";
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    os << (i ? ", " : "") << to_hexfloat(tensor.bits(i), tensor.dtype());
  }
  os << '}';
}

void showValue(const Problem& problem, std::ostream& os) {
  os << to_string(problem.operation) << ", channel axis "
     << problem.channel_axis << std::hexfloat << ", epsilon " << problem.epsilon
     << ", momentum ";
  if (problem.momentum) {
    os << *problem.momentum;
  } else {
    os << "1 / (" << problem.batches_tracked << " + 1)";
  }
  for (const auto& [name, tensor] : problem.inputs) {
    os << "\n  " << name << ' ';
    showValue(tensor, os);
  }
}

}  // namespace exactbn
