// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "tools/exactbn/commands.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/last_resort.h"

namespace exactbn {

namespace {

// A write beyond the limit for files then fails, and says so.
extern "C" void on_file_too_large(int) {}

}  // namespace
}  // namespace exactbn

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, exactbn::on_file_too_large);
  exactbn::open_standard_descriptors();
  int code = exactbn::run_command(argc, argv);
  if (std::fflush(stdout) != 0) {
    exactbn::complain("exactbn: standard output: {}\n", std::strerror(errno));
    code = 2;
  }
  exactbn::no_last_resort();
  return code;
}
