// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/last_resort.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <omp.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "oracles/printable.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr int kMostThreads = 4096;

bool is_over = true;

[[noreturn]] void give_up() {
  std::fflush(stdout);
  std::_Exit(2);
}

// exit() was called by somebody else.
void on_exit() {
  if (is_over) return;
  complain("exactbn: OpenMP's runtime gave up\n");
  give_up();
}

void on_terminate() {
  std::string what = "an internal error";
  try {
    if (const auto error = std::current_exception()) {
      std::rethrow_exception(error);
    }
  } catch (const std::bad_alloc&) {
    what = "out of memory";
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
  }
  complain("exactbn: {}\n", printable(what));
  give_up();
}

// The number of threads besides this one that can run at once, up to `wanted`.
int startable(int wanted, std::string& why) {
  std::vector<std::thread> threads;
  std::atomic<bool> go = false;
  try {
    threads.reserve(static_cast<std::size_t>(wanted));
    for (int k = 0; k < wanted; ++k) {
      threads.emplace_back([&go] { go.wait(false); });
    }
  } catch (const std::system_error& error) {
    why = error.code().message();
  }
  go = true;
  go.notify_all();
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size());
}

}  // namespace

void open_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, which is fd. Nobody minds a lost message.
    ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  }
}

void start_threads(int threads) {
  const int wanted = threads > 0 ? threads : omp_get_max_threads();
  if (wanted > kMostThreads) {
    const char* const given = std::getenv("OMP_NUM_THREADS");
    throw UsageError(fmt::format("OMP_NUM_THREADS: '{}' is not in [1, {}]",
                                 given ? given : "", kMostThreads));
  }
  std::string why;
  const int got = 1 + startable(wanted - 1, why);
  if (got < wanted) {
    complain("exactbn: only {} of {} threads can be started: {}\n", got, wanted,
             why);
  }
  static const bool registered = std::atexit(on_exit) == 0;
  is_over = !registered;
  std::set_terminate(on_terminate);
  omp_set_num_threads(got);
  std::atomic<int> started = 0;  // an empty region would vanish
#pragma omp parallel
  ++started;
}

void no_last_resort() { is_over = true; }

}  // namespace exactbn
