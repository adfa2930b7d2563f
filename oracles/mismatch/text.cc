// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "oracles/mismatch/lines.h"

namespace exactbn {

namespace {

// Enough decimal digits to distinguish neighbours in the format.
int decimal_digits(DType dtype) {
  return 2 + static_cast<int>(format(dtype).precision * 0.30103);
}

std::string value_text(std::uint64_t bits, DType dtype, std::size_t width) {
  // The sign of a NaN means nothing, but printf shows it.
  const std::string decimal =
      is_nan(bits, dtype) ? "nan"
                          : fmt::format("{:.{}g}", to_double(bits, dtype),
                                        decimal_digits(dtype));
  return fmt::format("{:<{}}   {}   {}", to_hexfloat(bits, dtype), width,
                     to_hex(bits, dtype), decimal);
}

std::string error_text(const Problem& problem, const OutputVerdict& out,
                       Grade required) {
  const Judgement& j = out.worst.judgement;
  if (!std::isfinite(j.ulp) && !std::isfinite(j.eta)) {
    return "not the same kind of value";
  }
  std::string limit;
  if (required >= Grade::stable) {
    limit = fmt::format("   limit {:.3g} ({}, m = {})", out.limit,
                        to_string(required), problem.view().count());
  } else {
    limit = fmt::format("   required {}", to_string(required));
  }
  return fmt::format("{:+.3g} ulp   eta {:.3g}{}", j.ulp, j.eta, limit);
}

std::string values_text(const Problem& problem, const OutputVerdict& out,
                        Grade required) {
  const Finding& worst = out.worst;
  const std::uint64_t want = worst.judgement.want;
  const std::size_t width = std::max(to_hexfloat(worst.got, out.dtype).size(),
                                     to_hexfloat(want, out.dtype).size());
  const bool rounded = is_finite(want, out.dtype);
  return text_line("got", value_text(worst.got, out.dtype, width)) +
         text_line("want", value_text(want, out.dtype, width) +
                               (rounded ? "   correctly rounded" : "")) +
         text_line("error", error_text(problem, out, required));
}

}  // namespace

std::string layout_text(const Problem& problem) {
  const std::string eps =
      to_hexfloat(round_to(problem.epsilon, DType::f64), DType::f64);
  return fmt::format("shape {}  channel axis {}   eps {}",
                     to_string(problem.x().shape()), problem.channel_axis, eps);
}

std::string mismatch_text(const Problem& problem, const OutputVerdict& shown,
                          const Explanation& why, Grade required) {
  return text_line("where", why.where + "   " + layout_text(problem)) +
         values_text(problem, shown, required) + text_line("first", why.first) +
         text_line("scope", why.scope) + text_line("", why.pattern);
}

std::string explanation_what(const DefectExplanation& explanation) {
  if (explanation.defects.size() == 1) {
    return std::string(explanation.defects.front()->what);
  }
  return fmt::format("one of {} known defects that agree here",
                     explanation.defects.size());
}

std::string explanation_names(const DefectExplanation& explanation) {
  constexpr std::size_t kNamed = 3;
  std::string names;
  for (std::size_t i = 0; i < explanation.defects.size() && i < kNamed; ++i) {
    names += (i > 0 ? " or " : "") + std::string(explanation.defects[i]->name);
  }
  if (explanation.defects.size() > kNamed) {
    names += fmt::format(" or {} more", explanation.defects.size() - kNamed);
  }
  const bool ordered = explanation.defects.front()->model.ordered;
  return names + (explanation.exact ? ", bit for bit"
                  : ordered         ? ", except for the order of its sums"
                                    : ", except for rounding");
}

}  // namespace exactbn
