// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

struct ProcessOptions {
  std::chrono::milliseconds start_limit{60'000};  // until the declaration
  std::chrono::milliseconds case_limit{60'000};   // until the answer
  std::size_t line_limit = std::size_t{1} << 30;  // bytes of one line
  // Whether the process serves a plugin (serve.h), and so is told of
  // surroundings; and may be started again with another number of threads.
  bool has_surroundings = false;
};

// An implementation in a process of its own, which speaks the wire format over
// its standard input and output. Its standard error is this process's.
class ProcessSubject : public Subject {
 public:
  // argv[0] is looked up in PATH. Throws SubjectFailure where the process does
  // not start or does not declare itself, and LoadError where the first line
  // is {"load_error":"why"}.
  explicit ProcessSubject(std::vector<std::string> argv,
                          ProcessOptions options = {});
  ~ProcessSubject() override;

  const Declaration& declaration() const override { return declaration_; }

  // A process that fails is killed with all that it started; the next call
  // starts another.
  Answer answer(const Case& c) override;
  // A number of threads has a process of its own.
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override;

 private:
  class Child;

  Answer ask(const std::string& lines, const Case& c);
  std::unique_ptr<Child>& child();
  Declaration start();
  // Sends `text` and returns the line that comes back. The words say in a
  // failure what was wanted and when.
  std::string exchange(std::string_view text, std::chrono::milliseconds limit,
                       std::string_view wanted, std::string_view when);
  // Fails where the line answers another case.
  void require_answer_to(const Case& c, std::string_view line);
  // Kills the process and throws SubjectFailure: "'x' died by signal 6 ...".
  [[noreturn]] void fail(std::string_view what_it_did);

  std::vector<std::string> argv_;
  ProcessOptions options_;
  // By their number of threads, 0: as this process has it.
  std::map<int, std::unique_ptr<Child>> children_;
  int threads_ = 0;  // of the one that is asked
  Declaration declaration_;
};

}  // namespace exactbn
