// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/roundings.h"

#include <fmt/format.h>

#include <cmath>

#include "oracles/format_names.h"

namespace exactbn {

namespace {

using Key = RunRoundings::key_type;

std::string line(const Key& key, const RunRounding& r) {
  return fmt::format("rounding   {} {}: {}{}\n", key.first,
                     format(key.second).name, to_string(r),
                     r.failed ? " - failed" : "");
}

// "mean 0.5 ulp toward zero", or up or down, whichever is more.
std::string mean_error(const RoundingTally& t) {
  const bool by_size = std::fabs(t.growth) >= std::fabs(t.error);
  const double sum = by_size ? t.growth : t.error;
  const StoreRounding way =
      by_size ? (sum < 0 ? StoreRounding::toward_zero : StoreRounding::away)
              : (sum < 0 ? StoreRounding::down : StoreRounding::up);
  return fmt::format("mean {:.2g} ulp {}",
                     std::fabs(sum) / static_cast<double>(t.values),
                     to_string(way));
}

}  // namespace

RunRoundings roundings(const Run& run) {
  RunRoundings all;
  for (const CaseRun& c : run.cases) {
    for (std::size_t i = 0; i < c.roundings.size(); ++i) {
      if (c.roundings[i].values == 0) continue;
      const OutputVerdict& out = c.verdict.outputs[i];
      all[{out.output, out.dtype}].tally += c.roundings[i];
    }
  }
  // A run that accepts any value accepts any rounding.
  const bool counts = run.required <= Grade::sequential;
  for (auto& [key, r] : all) {
    r.failed = counts && is_biased(r.tally, run.declaration.rounding);
  }
  return all;
}

std::string to_string(const RunRounding& rounding) {
  const RoundingTally& t = rounding.tally;
  std::string text = rounding_text(t);
  if (t.evident == 0) return text;
  return text + fmt::format(" ({} of {} clear value{}, {} channel{}, {})",
                            t.evident, t.clear, t.clear == 1 ? "" : "s",
                            t.channels, t.channels == 1 ? "" : "s",
                            mean_error(t));
}

std::string roundings_text(const Run& run) {
  std::string text;
  std::map<DType, std::string> nearest;
  for (const auto& [key, r] : roundings(run)) {
    if (r.tally.evident > 0) {
      text += line(key, r);
    } else if (rounding_of(r.tally)) {
      std::string& names = nearest[key.second];
      names += fmt::format("{}{}", names.empty() ? "" : ", ", key.first);
    }
  }
  for (const auto& [dtype, names] : nearest) {
    text += fmt::format("rounding   {}: nearest in {}\n", format(dtype).name,
                        names);
  }
  return text;
}

std::string failed_roundings_text(const Run& run) {
  std::string text;
  for (const auto& [key, r] : roundings(run)) {
    if (r.failed) text += line(key, r);
  }
  return text;
}

}  // namespace exactbn
