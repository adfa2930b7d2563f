// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/baseline/file.h"

#include <fmt/format.h>

#include <filesystem>
#include <regex>
#include <sstream>

#include "tools/exactbn/commands/baseline/json_line.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr std::string_view kSchema = "exactbn/baseline/1";

std::string place_of(const std::string& file, const NumberedLine& line) {
  return fmt::format("{}:{}: ", file, line.number);
}

std::string_view name_of(Domain domain) {
  return domain == Domain::all ? "all" : "ordinary";
}

void require_same(const JsonLine& line, const std::string& field,
                  std::string_view found, std::string_view expected) {
  if (found == expected) return;
  line.fail(field, fmt::format("{}, but this run has {}", found, expected));
}

BaselineHeader read_header(const std::string& file, const NumberedLine& first,
                           const BaselineHeader& expected) {
  JsonLine line(place_of(file, first), first.text);
  require_same(line, "schema", line.text("schema"), kSchema);
  BaselineHeader header = expected;
  require_same(line, "verb", line.text("verb"), expected.verb);
  header.subject = line.text("subject");
  if (without_version(header.subject) != without_version(expected.subject)) {
    require_same(line, "subject", header.subject, expected.subject);
  }
  require_same(line, "required", line.text("required"),
               to_string(expected.required));
  require_same(line, "domain", line.text("domain"), name_of(expected.domain));
  header.cases = line.text("cases");
  if (expected.verb == "validate") {
    require_same(line, "cases", header.cases, expected.cases);
  } else {
    header.drawn = line.count("drawn");
  }
  line.end();
  return header;
}

std::string header_text(const BaselineHeader& header) {
  Json json = {{"schema", kSchema},
               {"verb", header.verb},
               {"subject", header.subject},
               {"required", to_string(header.required)},
               {"domain", name_of(header.domain)},
               {"cases", header.cases}};
  if (header.verb != "validate") json["drawn"] = header.drawn;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

std::string without_version(const std::string& subject) {
  static const std::regex version(R"(v?\d+(\.\d+\S*)?)");
  std::istringstream words(subject);
  std::string rest;
  for (std::string word; words >> word;) {
    if (std::regex_match(word, version)) continue;
    rest += (rest.empty() ? "" : " ") + word;
  }
  return rest.empty() ? subject : rest;
}

BaselineFile read_baseline(const BaselineOptions& options,
                           const BaselineHeader& expected) {
  BaselineFile baseline = {options.file, expected, {}};
  if (options.update && !std::filesystem::exists(options.file)) return baseline;
  baseline.lines = read_lines(options.file);
  if (baseline.lines.empty()) throw UsageError(options.file + ": is empty");
  baseline.header = read_header(options.file, baseline.lines.front(), expected);
  baseline.lines.erase(baseline.lines.begin());
  return baseline;
}

void write_baseline(const std::string& file, const BaselineHeader& header,
                    const std::vector<std::string>& lines) {
  std::string text = header_text(header) + '\n';
  for (const std::string& line : lines) text += line + '\n';
  write_file(file, text);
}

}  // namespace exactbn
