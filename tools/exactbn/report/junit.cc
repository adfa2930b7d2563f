// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "oracles/printable.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/markup.h"
#include "tools/exactbn/run/accumulation.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/failures.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

namespace {

// JUnit has passed, failure, error and skipped. A missing case must not look
// passed, so it is an error; so is an undecided one if it counts.
bool is_error(const Run& run, Verdict verdict) {
  return verdict == Verdict::missing || (verdict == Verdict::undecided &&
                                         run.declaration.domain == Domain::all);
}

constexpr const char* kKnown = "<skipped message=\"known: baseline\"/>";

std::string body(const Run& run, const CaseRun& c) {
  const Verdict verdict = outcome(c);
  if (verdict == Verdict::passed) return {};
  if (c.known) return kKnown;
  if (verdict == Verdict::failed) {
    return fmt::format("<failure message=\"failed\">{}</failure>",
                       escaped(c.as_declared ? other_conventions(run).front()
                                             : failure_text(run, c)));
  }
  const std::string because = escaped(printable(why(c)));
  if (!is_error(run, verdict)) {
    const bool unsupported = verdict == Verdict::unsupported;
    return fmt::format(
        "<skipped message=\"{}{}\"/>",
        unsupported ? "" : fmt::format("{}: ", to_string(verdict)), because);
  }
  return fmt::format("<error message=\"{}\">{}</error>", to_string(verdict),
                     because);
}

// Each output and format has a test case for its rounding.
std::string rounding_cases(const Run& run, const RunRoundings& roundings) {
  std::string text;
  for (const auto& [key, r] : roundings) {
    const std::string failure = !r.failed ? ""
                                : is_known(run, key, r)
                                    ? kKnown
                                    : fmt::format(
                                          "<failure message=\"biased\">"
                                          "{}</failure>",
                                          escaped(to_string(r)));
    text += fmt::format(
        "<testcase classname=\"rounding\" name=\"rounding.{}.{}\">{}"
        "</testcase>\n",
        to_string(key.first), format(key.second).name, failure);
  }
  return text;
}

// What went wrong after the cases.
std::vector<std::string> ends_of(const Run& run) {
  std::vector<std::string> all;
  if (!run.at_exit.empty()) all.push_back(run.at_exit);
  if (!run.stopped.empty()) all.push_back(run.stopped);
  return all;
}

std::string suite(const Run& run) {
  const Summary s = summarize(run);
  const RunRoundings rounded = roundings(run);
  const auto known_roundings =
      std::count_if(rounded.begin(), rounded.end(), [&](const auto& each) {
        return each.second.failed && is_known(run, each.first, each.second);
      });
  const std::vector<std::string> ends = ends_of(run);
  const std::int64_t undecided_errors =
      s.domain == Domain::all ? s.undecided - s.known_undecided : 0;
  std::string text = fmt::format(
      "<testsuite name=\"exactbn {}\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
      escaped(printable(run.declaration.subject)),
      s.run + s.unsupported + std::ssize(rounded) + std::ssize(ends),
      s.failed - s.known_failed + s.roundings_failed - known_roundings,
      s.missing - s.known_missing + undecided_errors + std::ssize(ends),
      s.unsupported + s.beyond + s.known_failed + s.known_missing +
          s.undecided - undecided_errors + known_roundings);
  if (const std::string what = accumulation_text(run); !what.empty()) {
    text += fmt::format(
        "<properties><property name=\"accumulation\" value=\"{}\"/>"
        "</properties>\n",
        escaped(what));
  }
  for (const CaseRun& c : run.cases) {
    const Problem& problem = c.question->problem;
    text += fmt::format(
        "<testcase classname=\"{}.{}\" name=\"{}\">{}</testcase>\n",
        to_string(problem.operation), format(problem.x().dtype()).name,
        escaped(printable(c.question->id)), body(run, c));
  }
  for (const std::string& end : ends) {
    text += fmt::format(
        "<testcase classname=\"run\" name=\"end\"><error message=\"{}\"/>"
        "</testcase>\n",
        escaped(printable(end)));
  }
  return text + rounding_cases(run, rounded) + "</testsuite>\n";
}

}  // namespace

std::string junit_report(std::span<const Run* const> runs) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const Run* run : runs) text += suite(*run);
  return text + "</testsuites>\n";
}

}  // namespace exactbn
