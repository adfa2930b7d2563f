// SPDX-License-Identifier: Apache-2.0
// A process that serves a plugin, for tests: serve_plugin FILE
#include <iostream>
#include <nlohmann/json.hpp>

#include "oracles/subjects/plugin.h"
#include "oracles/subjects/serve.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    exactbn::PluginSubject subject(argv[1]);
    return exactbn::serve(subject, std::cin, std::cout);
  } catch (const exactbn::LoadError& error) {
    std::cout << nlohmann::json{{"load_error", error.what()}} << std::endl;
    return 2;
  }
}
