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
    fmt::print(stderr, "exactbn: {}\n", printable(error.what()));
    return 3;
  } catch (const RunStopped& error) {
    fmt::print(stderr, "exactbn: {}\n", error.what());
    return 130;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "exactbn: out of memory\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "exactbn: {}\n", printable(error.what()));
    return 2;
  }
}

}  // namespace
}  // namespace exactbn

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, exactbn::on_file_too_large);
  return exactbn::guarded(argc, argv);
}
