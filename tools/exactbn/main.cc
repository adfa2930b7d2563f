// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "oracles/printable.h"
#include "oracles/subject.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/last_resort.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// A write beyond the limit for files then fails, and says so.
extern "C" void on_file_too_large(int) {}

int guarded(int argc, char** argv) {
  try {
    const int code = run_command(argc, argv);
    if (std::fflush(stdout) != 0) {
      throw UsageError(
          fmt::format("standard output: {}", std::strerror(errno)));
    }
    return code;
  } catch (const SubjectFailure& error) {
    complain("exactbn: {}\n", printable(error.what()));
    return 3;
  } catch (const RunStopped& error) {
    complain("exactbn: {}\n", error.what());
    return 130;
  } catch (const std::bad_alloc&) {
    complain("exactbn: out of memory\n");
    return 2;
  } catch (const std::exception& error) {
    complain("exactbn: {}\n", printable(error.what()));
    return 2;
  }
}

}  // namespace
}  // namespace exactbn

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, exactbn::on_file_too_large);
  exactbn::open_standard_descriptors();
  const int code = exactbn::guarded(argc, argv);
  exactbn::no_last_resort();
  return code;
}
