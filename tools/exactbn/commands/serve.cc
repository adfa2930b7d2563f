// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/serve.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "oracles/subjects/plugin.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/subjects.h"

namespace exactbn {

int serve_subject(const std::string& name) {
  try {
    const std::unique_ptr<Subject> subject = open_in_process(name);
    return serve(*subject, std::cin, std::cout);
  } catch (const LoadError& error) {
    // Whoever started this process raises it again.
    const nlohmann::json line = {{"load_error", error.what()}};
    std::cout << line.dump() << std::endl;
    return 2;
  }
}

}  // namespace exactbn
