// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// The subject had written more than its last answer when it was asked again:
// this breaks the protocol on the case before, and the new one was not asked.
class LateOutput : public SubjectFailure {
 public:
  using SubjectFailure::SubjectFailure;
};

struct ProcessOptions {
  std::chrono::milliseconds start_limit{60'000};  // until the declaration
  std::chrono::milliseconds case_limit{60'000};   // until the answer
  // Bytes of one line, without the digits of the outputs that were asked.
  std::size_t line_limit = std::size_t{1} << 20;
  // Whether the process serves a plugin (serve.h): it then accepts
  // surroundings, and may be restarted with another number of threads.
  bool has_surroundings = false;
  // Whether the run is to be stopped: then a call throws RunStopped soon. May
  // be empty.
  std::function<bool()> stopped;
};

// An implementation in a separate process that speaks the wire format over its
// standard input and output. It shares this process's standard error.
class ProcessSubject : public Subject {
 public:
  // argv[0] is looked up in PATH. Throws SubjectFailure if the process does not
  // start or does not declare itself, and LoadError if its first line is
  // {"load_error":"why"}.
  explicit ProcessSubject(std::vector<std::string> argv,
                          ProcessOptions options = {});
  ~ProcessSubject() override;

  const Declaration& declaration() const override { return declaration_; }

  // A process that fails is killed with its descendants (kept_process.h); the
  // next call starts another.
  Answer answer(const Case& c) override;
  // Each number of threads has a separate process.
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override;
  // A crash, or output that nobody asked for. A process that takes too long to
  // exit is killed, and nothing is said.
  std::string finish() override;

 private:
  class Child;

  Answer ask(const std::string& lines, const Case& c);
  std::unique_ptr<Child>& child();
  Declaration start();
  // Sends `text` and returns the reply line. `wanted` and `when` describe the
  // request in failure messages.
  std::string exchange(std::string_view text, std::chrono::milliseconds limit,
                       std::size_t line_limit, std::string_view wanted,
                       std::string_view when);
  // Fails if more than the line has come.
  void require_one_line();
  std::string wrote_more();
  // Fails if the line answers another case.
  void require_answer_to(const Case& c, std::string_view line);
  // Kills the process and throws SubjectFailure: "'x' died by signal 6 ...".
  template <class Failure = SubjectFailure>
  [[noreturn]] void fail(std::string_view what_it_did);

  std::vector<std::string> argv_;
  ProcessOptions options_;
  // By number of threads; 0: the setting of this process.
  std::map<int, std::unique_ptr<Child>> children_;
  int threads_ = 0;   // of the current child
  std::string last_;  // what was asked for before: "answer to case c"
  Declaration declaration_;
};

}  // namespace exactbn
