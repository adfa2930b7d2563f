// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/serve/protocol.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <mutex>
#include <system_error>
#include <thread>

#include "oracles/printable.h"
#include "tools/exactbn/complain.h"

namespace exactbn {

namespace {

int checked(int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category());
  return result;
}

// A new descriptor of the same file, above the standard ones.
int moved(int fd) { return checked(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

void replace(int fd, int by) {
  checked(::dup2(by, fd));
  ::close(by);
}

}  // namespace

struct Protocol::Relay {
  // Relays lines, the last of which may have no end. A longer line is cut.
  void run() {
    constexpr std::size_t kLongest = 1 << 16;
    std::string text;
    std::array<char, 4096> chunk;
    for (;;) {
      const ssize_t n = ::read(from, chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      text.append(chunk.data(), static_cast<std::size_t>(n));
      ++chunks;
      for (std::size_t end = text.find('\n');
           end != std::string::npos || text.size() > kLongest;
           end = text.find('\n')) {
        tell(text.substr(0, end));
        text.erase(0, end == std::string::npos ? end : end + 1);
      }
    }
    if (!text.empty()) tell(text);
    ::close(from);
    done.set_value();
  }

  void tell(std::string_view line) {
    const std::lock_guard lock(mutex);
    complain("{}: {}\n", printable(name), printable(line));
  }

  std::mutex mutex;
  std::string name;
  int from = -1;
  std::atomic<int> chunks = 0;
  std::promise<void> done;
};

Protocol::Protocol(const std::string& name)
    : cases(moved(STDIN_FILENO)),
      answers(moved(STDOUT_FILENO)),
      relay_(std::make_shared<Relay>()) {
  std::array<int, 2> pipe{};
  checked(::pipe2(pipe.data(), O_CLOEXEC));
  relay_->name = name;
  relay_->from = pipe[0];
  replace(STDOUT_FILENO, pipe[1]);
  replace(STDIN_FILENO, checked(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  // So that it is seen if the plugin crashes.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  // The plugin's signals are for its own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([relay = relay_] { relay->run(); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Protocol::call(const std::string& name) {
  const std::lock_guard lock(relay_->mutex);
  relay_->name = name;
}

Protocol::~Protocol() {
  std::cout.flush();
  std::fflush(stdout);
  // Ends the pipe, unless a child of the plugin has it, too: then what it holds
  // is relayed, and no more is waited for.
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  constexpr std::chrono::milliseconds kSilence{200};
  constexpr int kMost = 25;
  const std::future<void> done = relay_->done.get_future();
  for (int before = -1, k = 0; before != relay_->chunks && k < kMost; ++k) {
    before = relay_->chunks;
    if (done.wait_for(kSilence) == std::future_status::ready) return;
  }
}

}  // namespace exactbn
