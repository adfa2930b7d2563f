// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "tools/exactbn/complain.h"
#include "tools/exactbn/host.h"

namespace exactbn {

namespace {

// Frequent enough to look alive, and rare enough to cost nothing.
constexpr std::chrono::milliseconds kBetweenLines(100);
// An earlier estimate would be dominated by the startup time.
constexpr std::chrono::milliseconds kBeforeEstimate(2000);

// The work of a case in values, which take most of the time. The overhead of a
// call is worth kCallOverhead values.
std::int64_t work(const Case& c, const Declaration& declaration) {
  constexpr std::int64_t kCallOverhead = 2000;
  if (why_unsupported(declaration, c.problem)) return 0;
  return c.problem.x().size() + kCallOverhead;
}

// Erases the rest of the line, where a longer text may have been. No line
// break.
void write(std::string_view text) { complain("\r{}\x1b[K", text); }

std::string duration(std::chrono::seconds time) {
  const auto s = time.count();
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace

std::string to_string(const Progress& progress) {
  std::string text = fmt::format("{}/{}", progress.done, progress.total);
  if (progress.failed > 0) text += fmt::format("   {} failed", progress.failed);
  if (progress.left) text += "   " + duration(*progress.left) + " left";
  return text;
}

std::optional<std::chrono::seconds> time_left(std::chrono::milliseconds elapsed,
                                              std::int64_t done,
                                              std::int64_t all) {
  if (done <= 0 || elapsed < kBeforeEstimate) return std::nullopt;
  const double per_unit =
      static_cast<double>(elapsed.count()) / static_cast<double>(done);
  const double rest = per_unit * static_cast<double>(all - done) / 1000;
  return std::chrono::seconds(std::llround(rest));
}

bool shows_progress() {
  if (host()) return false;
  const char* kind = std::getenv("TERM");
  const bool dumb = !kind || std::string_view(kind) == "dumb";
  // Some CI systems provide a terminal and log its output.
  return isatty(STDERR_FILENO) != 0 && !dumb && !std::getenv("CI");
}

StatusLine::StatusLine() : shown_(shows_progress()) {}

StatusLine::~StatusLine() {
  if (last_) write("");
}

void StatusLine::show(const std::string& text) {
  if (!shown_ || (last_ && Clock::now() - *last_ < kBetweenLines)) return;
  last_ = Clock::now();
  write(text);
}

ProgressLine::ProgressLine(std::span<const Case> cases,
                           const Declaration& declaration)
    : shown_(shows_progress()) {
  for (const Case& c : cases) work_of_.push_back(work(c, declaration));
  all_ = std::accumulate(work_of_.begin(), work_of_.end(), all_);
}

ProgressLine::~ProgressLine() {
  if (last_) write("");
}

void ProgressLine::show(std::size_t done, int failed) {
  for (; done_ < done; ++done_) work_ += work_of_[done_];
  if (!shown_ || (last_ && Clock::now() - *last_ < kBetweenLines)) return;
  last_ = Clock::now();
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(*last_ - start_);
  write(to_string(
      {done, work_of_.size(), failed, time_left(elapsed, work_, all_)}));
}

void ProgressLine::show(const std::string& text) {
  if (!shown_) return;
  last_ = Clock::now();
  write(text);
}

}  // namespace exactbn
