// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "oracles/subject.h"

namespace exactbn {

// A program that runs a verb as a library (tools/library). It has its own
// standard streams, signal handlers, environment and threads, so the verb uses
// none of them.
struct Host {
  std::string out;  // what the verb printed
  std::string err;
  // The host's own subject, which has this name on the command line; or empty.
  std::string name;
  std::function<std::unique_ptr<Subject>()> open;
};

// The host of the verb that runs in this thread; null in the program.
Host* host();

// During its lifetime verbs run for this host in this thread.
class HostScope {
 public:
  explicit HostScope(Host& host);
  ~HostScope();
  HostScope(const HostScope&) = delete;
  HostScope& operator=(const HostScope&) = delete;

 private:
  Host* before_;
};

}  // namespace exactbn
