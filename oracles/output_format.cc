// SPDX-License-Identifier: Apache-2.0
#include "oracles/output_format.h"

#include "oracles/format_names.h"

namespace exactbn {

DType format_of(const OutputFormat& declared, DType x, DType parameters) {
  switch (declared.as) {
    case OutputFormat::As::x:
      return x;
    case OutputFormat::As::parameters:
      return parameters;
    case OutputFormat::As::named:
      break;
  }
  return declared.dtype;
}

std::optional<DType> declared_format(const Declaration& declaration,
                                     const Problem& problem, Output output) {
  const auto declared = declaration.output_dtypes.find(output);
  if (declared == declaration.output_dtypes.end()) return std::nullopt;
  const DType x = problem.x().dtype();
  return format_of(declared->second, x, parameter_format(problem).value_or(x));
}

std::string why_wrong_format(const Declaration& declaration,
                             const Problem& problem,
                             const OutputTensors& outputs) {
  std::string why;
  if (declaration.output_dtypes.empty()) return why;
  for (const auto& [output, tensor] : outputs) {
    const auto declared = declared_format(declaration, problem, output);
    if (!declared || *declared == tensor.dtype()) continue;
    why += fmt::format("{}{} is {}, but {} is declared",
                       why.empty() ? "" : "; ", output,
                       format(tensor.dtype()).name, format(*declared).name);
  }
  return why;
}

}  // namespace exactbn
