// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/ask/answer_text.h"

#include <fmt/ranges.h>

#include "oracles/format_names.h"
#include "oracles/mismatch/text.h"
#include "reference/exact.h"

namespace exactbn {

namespace {

// Enough decimal digits to tell neighbours apart.
std::string decimal(std::uint64_t bits, DType dtype) {
  const int digits = 2 + static_cast<int>(format(dtype).precision * 0.30103);
  if (is_nan(bits, dtype)) return "nan";
  return fmt::format("{:.{}g}", to_double(bits, dtype), digits);
}

// [1,0,2]
std::string index_text(std::int64_t i, const Shape& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0; i /= shape[k]) {
    index[k] = i % shape[k];
  }
  return fmt::format("[{}]", fmt::join(index, ","));
}

bool is_rounded(const Exact& exact, std::uint64_t bits, DType dtype) {
  return exact.kind == Exact::Kind::number &&
         (!is_finite(bits, dtype) ||
          sign(exact.value - decode(bits, dtype)) != 0);
}

}  // namespace

std::string answer_text(const Problem& problem,
                        const Declaration& declaration) {
  const ExactBatchNorm exact(problem);
  std::string text =
      fmt::format("{} {}   {}\n", problem.operation,
                  format(problem.x().dtype()).name, layout_text(problem));
  for (const Output output : output_names(problem)) {
    const DType dtype = output_format(problem, output);
    const Shape shape = shape_of(problem, output);
    text += fmt::format("{}   {} {}\n", output, format(dtype).name,
                        to_string(shape));
    for (std::int64_t i = 0; i < element_count(shape); ++i) {
      const Exact value = exact.at(exact_name(declaration, output), i);
      const std::uint64_t bits = round_to(value, dtype);
      text += fmt::format("  {:<9} {} {:<24} {:<24} {}\n", index_text(i, shape),
                          is_rounded(value, bits, dtype) ? '~' : '=',
                          decimal(bits, dtype), to_hexfloat(bits, dtype),
                          to_hex(bits, dtype));
    }
  }
  return text + "= exact   ~ rounded to nearest\n";
}

}  // namespace exactbn
