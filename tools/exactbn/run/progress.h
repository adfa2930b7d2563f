// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// The content of a progress line.
struct Progress {
  std::size_t done = 0;
  std::size_t total = 0;
  int failed = 0;
  std::optional<std::chrono::seconds> left;  // none until there is an estimate
};

// 123/690   2 failed   1 min 10 s left
std::string to_string(const Progress& progress);

// The estimated time for the rest, if `done` of `all` work took `elapsed`. None
// in the first two seconds, or before any work is done.
std::optional<std::chrono::seconds> time_left(std::chrono::milliseconds elapsed,
                                              std::int64_t done,
                                              std::int64_t all);

// Whether standard error can show a line that is rewritten in place: it is a
// terminal, not a dumb one, and not the log of a CI system.
bool shows_progress();

// A line on standard error that is rewritten from time to time. The destructor
// erases it. Silent unless shows_progress().
class StatusLine {
 public:
  StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine();

  void show(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  std::optional<Clock::time_point> last_;  // when the line was written
};

// A line on standard error with the progress of a run. The destructor erases
// it. Silent unless shows_progress().
class ProgressLine {
 public:
  // Cases that the declaration does not cover count as no work.
  ProgressLine(std::span<const Case> cases, const Declaration& declaration);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  // Shows the counts before case `done`, counted from 0.
  void show(std::size_t done, int failed);

  // Shows a text instead, for the work after the cases.
  void show(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<std::int64_t> work_of_;  // by case
  bool shown_;
  Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> last_;  // when the line was written
  std::size_t done_ = 0;
  std::int64_t work_ = 0;  // of the first done_ cases
  std::int64_t all_ = 0;
};

}  // namespace exactbn
