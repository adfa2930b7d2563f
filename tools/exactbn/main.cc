// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "oracles/mismatch/printable.h"
#include "oracles/subject.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

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

int main(int argc, char** argv) { return exactbn::guarded(argc, argv); }
