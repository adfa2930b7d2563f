// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/properties/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/tensor_cases.h"
#include "tools/exactbn/held_signals.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

std::chrono::milliseconds read_time(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const std::string_view unit(read.ptr,
                              static_cast<std::size_t>(end - read.ptr));
  const double seconds = unit.empty() || unit == "s" ? 1
                         : unit == "m"               ? 60
                         : unit == "h"               ? 3600
                                                     : 0;
  const double all = value * seconds;
  if (read.ec != std::errc() || !(all >= 1e-3 && all <= 1e7)) {
    throw UsageError("--time: '" + text +
                     "' is not a time such as 60s, 5m or 2h");
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(all * 1000));
}

std::vector<Operation> chosen_operations(const PropertiesOptions& options) {
  std::vector<Operation> chosen;
  for (const std::string& name : options.operations) {
    chosen.push_back(operation_of("--operation", name));
  }
  return chosen;
}

void choose_laws(const PropertiesOptions& options, Request& request) {
  if (options.laws.empty()) {
    for (const Law& law : laws()) request.laws.push_back(&law);
    return;
  }
  request.oracle = false;
  for (const std::string& name : options.laws) {
    if (name == kOracle) {
      request.oracle = true;
    } else if (const Law* law = find_law(name)) {
      request.laws.push_back(law);
    } else {
      throw UsageError("--law: unknown law '" + name +
                       "'; see `exactbn list laws`");
    }
  }
}

template <class Each>
void keep_declared(std::vector<Each>& drawn,
                   const std::vector<Each>& declared) {
  if (declared.empty()) return;
  if (drawn.empty()) {
    drawn = declared;
    return;
  }
  std::vector<Each> both;
  std::copy_if(drawn.begin(), drawn.end(), std::back_inserter(both),
               [&](Each each) {
                 return std::find(declared.begin(), declared.end(), each) !=
                        declared.end();
               });
  // With nothing in common every drawn case is unsupported, and the summary
  // says so.
  if (!both.empty()) drawn = both;
}

}  // namespace

Request request_of(const PropertiesOptions& options) {
  Request request;
  request.interrupted = [] { return HeldSignals::pending() != 0; };
  request.seed = options.seed;
  request.required = options.judging.required;
  request.cases = options.only ? 1 : options.cases;
  request.first = options.only.value_or(0);
  if (!options.time.empty()) {
    request.time = read_time(options.time);
    request.cases = UINT64_MAX - request.first;
  }
  const auto profile = parse_profile(options.profile);
  if (!profile) {
    throw UsageError("--profile: unknown profile '" + options.profile +
                     "'; expected small, usual, large");
  }
  request.draw.profile = *profile;
  request.draw.operations = chosen_operations(options);
  request.draw.dtypes = chosen_dtypes(options.dtypes);
  choose_laws(options, request);
  return request;
}

void leave_undeclared_out(Request& request, const Declaration& declared) {
  keep_declared(request.draw.operations, declared.operations);
  keep_declared(request.draw.dtypes, declared.dtypes);
}

}  // namespace exactbn
