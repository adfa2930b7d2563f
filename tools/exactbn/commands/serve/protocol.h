// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "oracles/descriptor_stream.h"

namespace exactbn {

// Standard input and output are the protocol, but a plugin in this process may
// read and print. So the protocol moves to descriptors that nobody else knows
// and no child process inherits. Then standard input is empty, and each line
// printed on standard output goes to standard error, after the name of the
// plugin and without control characters.
class Protocol {
 public:
  // Throws std::system_error.
  explicit Protocol(const std::string& name);
  // The plugin has a better name now.
  void call(const std::string& name);
  // Relays what is left, unless another process keeps standard output open.
  ~Protocol();
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

  InputStream cases;
  OutputStream answers;

 private:
  struct Relay;
  std::shared_ptr<Relay> relay_;  // its thread may outlive this object
};

}  // namespace exactbn
