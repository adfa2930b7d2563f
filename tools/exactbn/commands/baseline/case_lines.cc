// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/baseline/case_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/exactbn/commands/baseline/json_line.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

namespace {

// The last digits change with the order of sums.
double with_three_digits(double value) {
  return std::isfinite(value) ? std::stod(fmt::format("{:.3g}", value)) : value;
}

std::string line_of(const FailureKey& key, const Failure& failure) {
  Json json = {
      {"case", key.first},
      {"output", key.second ? Json(to_string(*key.second)) : Json(nullptr)},
      {"failure", to_string(failure.kind)}};
  if (failure.kind == FailureKind::wrong) {
    json["eta"] = json_number(with_three_digits(failure.eta));
    json["defects"] = failure.defects;
  }
  if (failure.kind == FailureKind::refused) json["message"] = failure.message;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// Whether a failure of this kind is that of an output.
bool has_output(FailureKind kind, bool given) {
  if (kind == FailureKind::missing) return given;  // or nothing is offered
  return kind == FailureKind::wrong || kind == FailureKind::undecided;
}

std::optional<Output> read_output(JsonLine& line, FailureKind kind) {
  const std::string name = line.text_or_null("output");
  if (name.empty() == has_output(kind, !name.empty())) {
    line.fail("output", name.empty() ? "missing" : "expected null");
  }
  if (name.empty()) return std::nullopt;
  const auto output = parse_output(name);
  if (!output) line.fail("output", "unknown output '" + name + "'");
  return output;
}

FailureKind read_kind(JsonLine& line) {
  const std::string name = line.text("failure");
  const auto kind =
      std::find_if(kFailureKinds.begin(), kFailureKinds.end(),
                   [&](FailureKind each) { return to_string(each) == name; });
  if (kind == kFailureKinds.end()) {
    line.fail("failure", "unknown failure '" + name + "'");
  }
  return *kind;
}

}  // namespace

std::vector<std::string> lines_of(const Failures& failures) {
  std::vector<std::string> lines;
  lines.reserve(failures.size());
  for (const auto& [key, failure] : failures) {
    lines.push_back(line_of(key, failure));
  }
  return lines;
}

Failures failures_in(const BaselineFile& baseline) {
  Failures failures;
  for (const NumberedLine& each : baseline.lines) {
    JsonLine line(fmt::format("{}:{}: ", baseline.name, each.number),
                  each.text);
    const std::string id = line.text("case");
    Failure failure;
    failure.kind = read_kind(line);
    const std::optional<Output> output = read_output(line, failure.kind);
    if (failure.kind == FailureKind::wrong) {
      failure.eta = line.measure("eta");
      failure.defects = line.texts("defects");
    }
    if (failure.kind == FailureKind::refused) {
      failure.message = line.text("message");
    }
    line.end();
    if (!failures.emplace(FailureKey(id, output), failure).second) {
      line.fail("case", "the failure is given twice");
    }
  }
  return failures;
}

}  // namespace exactbn
