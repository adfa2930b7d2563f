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

// What a progress line says.
struct Progress {
  std::size_t done = 0;
  std::size_t total = 0;
  int failed = 0;
  std::optional<std::chrono::seconds> left;  // nothing while nobody can tell
};

// 123/690   2 failed   1 min 10 s left
std::string to_string(const Progress& progress);

// How long the rest takes where `done` of `all` work took `elapsed`. Nothing
// in the first two seconds, or before any work is done.
std::optional<std::chrono::seconds> time_left(std::chrono::milliseconds elapsed,
                                              std::int64_t done,
                                              std::int64_t all);

// Whether a line that is written over and over belongs on standard error: it is
// a terminal, which no log keeps, and one that can.
bool shows_progress();

// A line on standard error that is written anew, now and then. It is gone when
// this object is. Silent unless shows_progress().
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

// A line on standard error that tells how far a run is. It is gone when this
// object is. Silent unless shows_progress().
class ProgressLine {
 public:
  // The cases must outlive this object. Those that the declaration does not
  // cover take no time.
  ProgressLine(std::span<const Case> cases, const Declaration& declaration);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  // Before case `done`, counted from 0.
  void show(std::size_t done, int failed);

  // What comes after the cases.
  void show(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<std::int64_t> work_of_;  // each case
  bool shown_;
  Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> last_;  // when the line was written
  std::size_t done_ = 0;
  std::int64_t work_ = 0;  // of those
  std::int64_t all_ = 0;
};

}  // namespace exactbn
