// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/tolerance/report.h"

#include <fmt/format.h>

#include <cmath>

#include "oracles/format_names.h"
#include "tools/exactbn/report/wrapped.h"

namespace exactbn {

namespace {

// A tolerance as somebody writes it.
std::string number(double x) { return fmt::format("{:.3g}", x); }

std::string pair_text(const Closeness& c) {
  return fmt::format("rtol={} atol={}", number(c.rtol), number(c.atol));
}

std::string share(std::int64_t part, std::int64_t all) {
  if (part == 0) return "no";
  if (part == all) return "all values";
  const double percent =
      100 * static_cast<double>(part) / static_cast<double>(all);
  return percent < 0.1 ? "below 0.1% of values"
                       : fmt::format("{:.1f}% of values", percent);
}

// A relative tolerance that other draws of a class do not exceed cannot come
// from values that may be nearer to 0 in another draw.
std::string no_rtol(const ToleranceReport& report, const OutputCloseness& c) {
  if (report.is_class && c.crosses_zero) {
    return "none: values come as near to 0 as you like";
  }
  return c.least_rtol ? "" : "none below 1: values are too near to 0";
}

// The largest error that a test lets pass, and how far that is from sound.
std::string eta_text(const TestedBy& by, double limit) {
  if (by.largest_eta == 0) return "none";
  if (!std::isfinite(by.largest_eta)) return "any eta";
  const double over = by.largest_eta / limit;
  return fmt::format(
      "eta {:.2g}{}", by.largest_eta,
      over <= 1 ? ", sound" : fmt::format(", {:.2g} x the limit", over));
}

std::string tests_text(const OutputCloseness& c) {
  constexpr const char* kColumns = "  {:<21}  {:<23}  {:<25}  {}\n";
  std::string text = fmt::format(fmt::runtime(kColumns), "customary test", "",
                                 "refuses sound answers", "worst that passes");
  for (const TestedBy& by : c.tests) {
    const CustomaryTest& test = by.test;
    text += fmt::format(fmt::runtime(kColumns), test.name,
                        test.ulps > 0 ? fmt::format("{} ulp", test.ulps)
                                      : pair_text(test.closeness),
                        share(by.refused, c.values), eta_text(by, c.eta_limit));
  }
  return text;
}

std::string row_text(const ToleranceReport& report, const ToleranceRow& row) {
  const OutputCloseness& c = row.closeness;
  std::string text = fmt::format(
      "\n{} {}   {}   {}   {} values   eta limit "
      "{:.4g}\n",
      row.operation, format(row.dtype).name, row.output, format(c.dtype).name,
      c.values, c.eta_limit);
  if (c.unbounded > 0) {
    text += wrapped(
        "  none: use eta  ",
        fmt::format("{} more values are so ill-conditioned, or so near the end "
                    "of the range, that sound kernels may be off by any "
                    "amount. The following leaves them out.",
                    c.unbounded));
  }
  if (c.values == 0) return text;
  if (c.best) {
    text += fmt::format("  use         {:<34} accepts 0 for {} of the values\n",
                        pair_text(*c.best),
                        c.zeros_passed == 0
                            ? "none"
                            : fmt::format("{:.2g}%", 100 * c.zeros_passed));
  } else {
    text += fmt::format(
        "  use         none: use eta. What accepts every sound answer accepts "
        "0 "
        "for {:.0f}% of the values\n",
        100 * c.zeros_passed);
  }
  text +=
      fmt::format("  least atol  {:<10} with rtol=0\n", number(c.least_atol));
  const std::string why = no_rtol(report, c);
  text += fmt::format("  least rtol  {:<10} {}\n",
                      why.empty() ? number(*c.least_rtol) : "none",
                      why.empty() ? "with atol=0" : why.substr(6));
  return text + tests_text(c);
}

Json closeness_json(const std::optional<Closeness>& c) {
  if (!c) return nullptr;
  return {{"rtol", c->rtol}, {"atol", c->atol}};
}

Json test_json(const TestedBy& by, std::int64_t values) {
  Json json = {{"name", by.test.name}};
  if (by.test.ulps > 0) {
    json["ulps"] = by.test.ulps;
  } else {
    json["rtol"] = by.test.closeness.rtol;
    json["atol"] = by.test.closeness.atol;
  }
  json["refuses_sound"] = by.refused;
  json["passes_zero"] = by.passes_zero;
  json["values"] = values;
  json["largest_eta_passed"] = json_number(by.largest_eta);
  return json;
}

}  // namespace

std::string tolerance_text(const ToleranceReport& report) {
  std::string text =
      wrapped("", report.source) + fmt::format(
                                       "sound means {} or better   a test is "
                                       "|got - want| <= atol + rtol |want|\n",
                                       to_string(report.required));
  for (const ToleranceRow& row : report.rows) text += row_text(report, row);
  return text;
}

Json tolerance_json(const ToleranceReport& report) {
  Json outputs = Json::array();
  for (const ToleranceRow& row : report.rows) {
    const OutputCloseness& c = row.closeness;
    Json tests = Json::array();
    for (const TestedBy& by : c.tests) tests.push_back(test_json(by, c.values));
    const bool any = c.values > 0;
    const bool rtol = any && no_rtol(report, c).empty();
    outputs.push_back(
        {{"operation", to_string(row.operation)},
         {"dtype", format(row.dtype).name},
         {"output", to_string(row.output)},
         {"output_dtype", format(c.dtype).name},
         {"values", c.values},
         {"unbounded", c.unbounded},
         {"nonfinite", c.nonfinite},
         {"eta_limit", c.eta_limit},
         {"least_atol", any ? Json(c.least_atol) : Json(nullptr)},
         {"least_rtol", rtol ? Json(*c.least_rtol) : Json(nullptr)},
         {"use", closeness_json(c.best)},
         {"zeros_passed", c.zeros_passed},
         {"tests", std::move(tests)}});
  }
  return {{"schema", "exactbn/tolerance/1"},
          {"environment", environment()},
          {"source", report.source},
          {"required", to_string(report.required)},
          {"outputs", std::move(outputs)}};
}

}  // namespace exactbn
