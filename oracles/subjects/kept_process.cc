// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/kept_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

namespace exactbn {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using End = KeptProcess::End;

void require(bool done, const char* call) {
  if (!done) throw std::system_error(errno, std::generic_category(), call);
}

// Standard streams may be closed; a pipe in their place would be lost when the
// process gets its own.
int above_streams(int fd) {
  if (fd > STDERR_FILENO) return fd;
  const int other = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  require(other >= 0, "fcntl");
  ::close(fd);
  return other;
}

using Ends = int[2];
struct NewPipe {
  NewPipe() {
    require(::pipe2(fds, O_CLOEXEC) == 0, "pipe2");
    for (int& fd : fds) fd = above_streams(fd);
  }
  Ends fds{};
};

// A null-terminated C array of the texts, which must outlive it.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Between fork and exec other threads of this process do not exist, but their
// locks do. So from here to `run_keeper` there are only system calls.

// What the process and its keeper need to know.
struct Start {
  char* const* argv;
  char* const* environment;
  int input;
  int output;
  int failure;
  int lifeline;
  int end;
};

// Handlers of this program must not run in the process; what the user ignores
// stays ignored. A reader that has gone ends the process as usual.
void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_IGN && signal != SIGPIPE) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_process(const Start& start, pid_t keeper) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() == keeper) {
    ::setpgid(0, 0);
    ::dup2(start.input, STDIN_FILENO);
    ::dup2(start.output, STDOUT_FILENO);
    reset_signals();
    ::execvpe(start.argv[0], start.argv, start.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t n =
      ::write(start.failure, &error, sizeof error);
  ::_exit(127);
}

void kill_children() {
  const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  pid_t pid = 0;
  std::array<char, 4096> chunk;
  ssize_t n = 0;
  while ((n = ::read(file, chunk.data(), chunk.size())) > 0) {
    for (ssize_t i = 0; i < n; ++i) {
      const char c = chunk[static_cast<std::size_t>(i)];
      if (c >= '0' && c <= '9') {
        pid = 10 * pid + (c - '0');
      } else if (pid > 0) {
        ::kill(pid, SIGKILL);
        pid = 0;
      }
    }
  }
  ::close(file);
}

// Children of a killed process become ours, and are killed in turn, until none
// is left.
void end_all(pid_t process) {
  ::kill(-process, SIGKILL);
  while (true) {
    kill_children();
    siginfo_t ended{};
    int failure = 0;
    do {
      ended.si_pid = 0;
      failure = ::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG);
    } while (failure == 0 && ended.si_pid != 0);
    if (failure != 0 && errno == ECHILD) return;
    constexpr timespec kPause{0, 1'000'000};
    ::nanosleep(&kPause, nullptr);
  }
}

// Reaps adopted processes that ended. Whether the process itself ended; it is
// not reaped yet, so that its group keeps its number.
bool has_ended(pid_t process, End& end) {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
      return false;
    }
    if (info.si_pid == process) {
      end.how =
          info.si_code == CLD_EXITED ? End::How::exited : End::How::signalled;
      end.status = info.si_status;
      return true;
    }
    ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED);
  }
}

void close_all_but(int a, int b) {
  const auto low = static_cast<unsigned>(std::min(a, b));
  const auto high = static_cast<unsigned>(std::max(a, b));
  if (low > 0) ::close_range(0, low - 1, 0);
  if (high > low + 1) ::close_range(low + 1, high - 1, 0);
  ::close_range(high + 1, ~0U, 0);
}

// The keeper has a session of its own, so that no signal of a terminal reaches
// it, and the process cannot join the group of this program.
[[noreturn]] void run_keeper(const Start& start) {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &usual, nullptr);
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t keeper = ::getpid();
  const pid_t process = ::fork();
  if (process == 0) become_process(start, keeper);
  if (process < 0) {
    const int error = errno;
    [[maybe_unused]] const ssize_t n =
        ::write(start.failure, &error, sizeof error);
    ::_exit(127);
  }
  close_all_but(start.lifeline, start.end);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  std::array<pollfd, 2> fds{
      {{start.lifeline, POLLIN, 0},
       {::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC), POLLIN, 0}}};
  End end;
  while (true) {
    if (has_ended(process, end)) {
      [[maybe_unused]] const ssize_t n = ::write(start.end, &end, sizeof end);
      break;
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents != 0) break;
    signalfd_siginfo one;
    while (::read(fds[1].fd, &one, sizeof one) > 0) {
    }
  }
  end_all(process);
  ::_exit(0);
}

// In the new process no signal may run a handler of this program.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Whether there is something to read, or the other end is closed, in time.
bool is_readable(int fd, milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  pollfd one{fd, POLLIN, 0};
  while (true) {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    const int ready =
        ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

template <class Value>
bool read_whole(int fd, Value& value) {
  ssize_t n = 0;
  while ((n = ::read(fd, &value, sizeof value)) < 0 && errno == EINTR) {
  }
  return n == static_cast<ssize_t>(sizeof value);
}

}  // namespace

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Pipe::Pipe() : Pipe(NewPipe().fds) {}

KeptProcess::KeptProcess(std::vector<std::string> argv,
                         std::vector<std::string> environment) {
  const std::vector<char*> words = pointers(argv);
  const std::vector<char*> variables = pointers(environment);
  const Start start = {words.data(),      variables.data(),
                       input_.from.get(), output_.to.get(),
                       failure_.to.get(), lifeline_.from.get(),
                       end_.to.get()};
  {
    const NoSignals none;
    keeper_ = ::fork();
    if (keeper_ == 0) run_keeper(start);
  }
  require(keeper_ > 0, "fork");
  for (Descriptor* other :
       {&input_.from, &output_.to, &failure_.to, &lifeline_.from, &end_.to}) {
    other->close();
  }
  int error = 0;
  const bool failed = read_whole(failure_.from.get(), error);
  for (const int fd : {input(), output()}) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 && error == 0) error = errno;
  }
  if (!failed && error == 0) return;
  stop();
  throw std::system_error(error, std::generic_category(), words[0]);
}

KeptProcess::~KeptProcess() { stop(); }

void KeptProcess::close_input() { input_.to.close(); }

void KeptProcess::close_pipes() {
  close_input();
  output_.from.close();
}

std::optional<End> KeptProcess::end_within(milliseconds limit) {
  if (!ended_ && is_readable(end_.from.get(), limit)) {
    End end;
    if (!read_whole(end_.from.get(), end)) end = {};
    ended_ = end;
  }
  return ended_;
}

void KeptProcess::stop() {
  // Far more than killing takes. A keeper that somebody stopped goes on first.
  constexpr milliseconds kLimit{5000};
  lifeline_.to.close();
  ::kill(keeper_, SIGCONT);
  const Clock::time_point deadline = Clock::now() + kLimit;
  End last;
  while (is_readable(end_.from.get(), std::chrono::ceil<milliseconds>(
                                          deadline - Clock::now())) &&
         read_whole(end_.from.get(), last)) {
  }
  if (Clock::now() >= deadline) ::kill(keeper_, SIGKILL);
  while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace exactbn
