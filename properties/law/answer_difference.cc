// SPDX-License-Identifier: Apache-2.0
#include "properties/law/answer_difference.h"

#include <fmt/format.h>

namespace exactbn::law {

AnswerDifference difference(const Answer& first, const Answer& then) {
  if (first.kind != then.kind) {
    return {{}, 0, "one call answered, the other did not"};
  }
  for (const auto& [name, was] : first.outputs) {
    const auto it = then.outputs.find(name);
    if (it == then.outputs.end() || it->second.dtype() != was.dtype() ||
        it->second.shape() != was.shape()) {
      return {name, 0,
              "an output, its format or its shape differs between calls"};
    }
    const Tensor& is = it->second;
    if (is == was) continue;
    const DType dtype = was.dtype();
    for (std::int64_t i = 0; i < was.size(); ++i) {
      const std::uint64_t a = was.bits(i);
      const std::uint64_t b = is.bits(i);
      if (a == b || (is_nan(a, dtype) && is_nan(b, dtype))) continue;
      return {name, i,
              fmt::format("first {}, then {}", to_hexfloat(a, dtype),
                          to_hexfloat(b, dtype))};
    }
  }
  return {};
}

bool differs_again(Subject& subject, const Case& question,
                   const Answer& first) {
  constexpr int kTimes = 3;
  for (int k = 0; k < kTimes; ++k) {
    if (!difference(first, answer_of(subject, question)).text.empty())
      return true;
  }
  return false;
}

}  // namespace exactbn::law
