// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "oracles/subjects/plugin.h"
#include "oracles/wire.h"
#include "oracles/wire/breach.h"
#include "oracles/wire/surroundings.h"

namespace exactbn {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a process may take to end once its output or input is closed.
constexpr milliseconds kGrace{1000};

void require(int error, const char* call) {
  if (error != 0) throw std::system_error(error, std::generic_category(), call);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Other children must not inherit these ends: they would keep the pipe open
// after the process that owns it has died.
struct Pipe {
  explicit Pipe(std::array<int, 2> fds = make()) : from(fds[0]), to(fds[1]) {}
  static std::array<int, 2> make() {
    std::array<int, 2> fds{};
    require(::pipe2(fds.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe2");
    return fds;
  }

  Descriptor from;
  Descriptor to;
};

// During its lifetime, a write in this thread to a dead process fails with
// EPIPE instead of raising a signal.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&sigpipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

struct SpawnSettings {
  SpawnSettings(const Pipe& input, const Pipe& output) {
    require(posix_spawn_file_actions_init(&actions), "posix_spawn");
    require(posix_spawnattr_init(&attributes), "posix_spawn");
    posix_spawn_file_actions_adddup2(&actions, input.from.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, output.to.get(), 1);
    // A new process group with no blocked signals and the default SIGPIPE.
    sigset_t none;
    sigset_t reset;
    sigemptyset(&none);
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &reset);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

// This process's environment with OMP_NUM_THREADS set to `threads`; 0:
// unchanged.
std::vector<std::string> environment(int threads) {
  constexpr std::string_view kVariable = "OMP_NUM_THREADS=";
  std::vector<std::string> all;
  for (char** each = environ; *each; ++each) all.emplace_back(*each);
  if (threads == 0) return all;
  std::erase_if(all, [&](const std::string& text) {
    return text.starts_with(kVariable);
  });
  all.push_back(fmt::format("{}{}", kVariable, threads));
  return all;
}

// A null-terminated C array of the texts, which must outlive it.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

pid_t spawn(std::vector<std::string> argv, int threads, const Pipe& input,
            const Pipe& output) {
  const std::vector<char*> words = pointers(argv);
  std::vector<std::string> variables = environment(threads);
  const SpawnSettings settings(input, output);
  pid_t pid = 0;
  require(posix_spawnp(&pid, words[0], &settings.actions, &settings.attributes,
                       words.data(), pointers(variables).data()),
          words[0]);
  return pid;
}

std::string describe(const siginfo_t& end) {
  if (end.si_code != CLD_EXITED) {
    return fmt::format("died by signal {} ({})", end.si_status,
                       strsignal(end.si_status));
  }
  std::string text = fmt::format("exited with status {}", end.si_status);
  const int signal = end.si_status - 128;
  if (signal > 0 && signal < NSIG) {
    text += fmt::format(", which a shell reports for signal {} ({}),", signal,
                        strsignal(signal));
  }
  return text;
}

// The command as the user wrote it.
std::string name_of(const std::vector<std::string>& argv) {
  if (argv.size() == 3 && argv[1] == "-c") return argv[2];
  std::string name = argv[0];
  for (std::size_t i = 1; i < argv.size(); ++i) name += ' ' + argv[i];
  return name;
}

}  // namespace

class ProcessSubject::Child {
 public:
  Child(const std::vector<std::string>& argv, int threads)
      : pid_(spawn(argv, threads, input_, output_)) {
    input_.from.close();
    output_.to.close();
    for (const int fd : {input_.to.get(), output_.from.get()}) {
      require(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno, "fcntl");
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reaps the leader after killing the group: until then its pid cannot be
  // reused.
  ~Child() {
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  enum class Outcome { line, closed, too_late, too_long };

  // Writes `text` and reads one line at the same time, so that neither side
  // waits for the other to empty a full pipe.
  Outcome exchange(std::string_view text, Clock::time_point deadline,
                   std::size_t line_limit, std::string& line) {
    const NoSigpipe guard;
    std::size_t end = unread_.find('\n');
    while (end == std::string::npos || !text.empty()) {
      if (!wait(!text.empty(), deadline)) return Outcome::too_late;
      text.remove_prefix(write(text));
      const std::size_t before = unread_.size();
      const bool open = read();
      if (end == std::string::npos) end = unread_.find('\n', before);
      if (!open && end == std::string::npos) return Outcome::closed;
      if (!open) break;
      if (std::min(end, unread_.size()) > line_limit) return Outcome::too_long;
    }
    line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return Outcome::line;
  }

  // How the process ended, if it ends within the limit.
  std::optional<siginfo_t> end_within(milliseconds limit) const {
    const Clock::time_point deadline = Clock::now() + limit;
    for (milliseconds pause{1};; pause = std::min(2 * pause, kGrace / 20)) {
      siginfo_t info{};
      const int options = WEXITED | WNOWAIT | WNOHANG;
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, options) == 0 &&
          info.si_pid == pid_) {
        return info;
      }
      if (Clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(pause);
    }
  }

  void close_input() { input_.to.close(); }

  // Reads to the end of the output, and returns what is wrong with that.
  std::string end(std::size_t limit) {
    const Clock::time_point deadline = Clock::now() + kGrace;
    while (unread_.size() <= limit && wait(false, deadline) && read()) {
    }
    output_.from.close();
    const auto end = end_within(kGrace);
    // A status means little: that of a script is of its last command.
    if (end && (end->si_code != CLD_EXITED || end->si_status > 128)) {
      return describe(*end) + " after its last answer";
    }
    if (unread_.find_first_not_of(" \t\r\n") == std::string::npos) return {};
    return fmt::format(
        "wrote a line that nobody asked for after its last answer: {:.60}",
        unread_.substr(0, unread_.find('\n')));
  }

 private:
  // Waits for input, or for room to write. False at the deadline.
  bool wait(bool to_write, Clock::time_point deadline) const {
    std::array<pollfd, 2> fds{{{output_.from.get(), POLLIN, 0},
                               {to_write ? input_.to.get() : -1, POLLOUT, 0}}};
    while (true) {
      const auto left =
          std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      const auto most = std::int64_t{1} << 30;
      const int ready = ::poll(fds.data(), fds.size(),
                               static_cast<int>(std::min(left, most)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) require(errno, "poll");
    }
  }

  // Returns the number of bytes consumed. A process that has closed its input
  // may still write an answer, so read() detects its end.
  std::size_t write(std::string_view text) const {
    if (text.empty()) return 0;
    const ssize_t n = ::write(input_.to.get(), text.data(), text.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    return errno == EAGAIN || errno == EINTR ? 0 : text.size();
  }

  // False at the end of the output.
  bool read() {
    std::array<char, 1 << 16> chunk;
    const ssize_t n = ::read(output_.from.get(), chunk.data(), chunk.size());
    if (n > 0) unread_.append(chunk.data(), static_cast<std::size_t>(n));
    if (n < 0 && errno != EAGAIN && errno != EINTR) require(errno, "read");
    return n != 0;
  }

  Pipe input_;
  Pipe output_;
  pid_t pid_;
  std::string unread_;
};

ProcessSubject::ProcessSubject(std::vector<std::string> argv,
                               ProcessOptions options)
    : argv_(std::move(argv)), options_(options), declaration_(start()) {}

ProcessSubject::~ProcessSubject() {
  try {
    finish();
  } catch (const std::exception&) {  // the processes are killed all the same
  }
}

std::string ProcessSubject::finish() {
  for (const auto& [threads, child] : children_) {
    if (child) child->close_input();
  }
  std::string wrong;
  for (const auto& [threads, child] : children_) {
    if (child && wrong.empty()) wrong = child->end(options_.line_limit);
  }
  children_.clear();
  return wrong;
}

std::unique_ptr<ProcessSubject::Child>& ProcessSubject::child() {
  return children_[threads_];
}

Answer ProcessSubject::answer(const Case& c) {
  threads_ = 0;
  return ask(write_case(c) + '\n', c);
}

std::optional<Answer> ProcessSubject::answer_in(
    const Surroundings& surroundings, const Case& c) {
  if (!options_.has_surroundings) return std::nullopt;
  threads_ = surroundings.threads;
  return ask(write_surroundings(surroundings) + '\n' + write_case(c) + '\n', c);
}

Answer ProcessSubject::ask(const std::string& lines, const Case& c) {
  if (!child()) start();
  const std::string line =
      exchange(lines, options_.case_limit,
               fmt::format("answer to case {}", c.id), "on case " + c.id);
  try {
    if (const auto breach = read_breach(line)) {
      fail(fmt::format("{}, in case {}", *breach, c.id));
    }
    return read_answer(line, c);
  } catch (const WireError& error) {
    require_answer_to(c, line);
    fail(fmt::format(
        "answered case {} with a line that does not follow the wire format: {}",
        c.id, error.what()));
  }
}

void ProcessSubject::require_answer_to(const Case& c, std::string_view line) {
  std::string answered = c.id;
  try {
    answered = answered_case(line);
  } catch (const WireError&) {
    return;
  }
  if (answered != c.id) {
    fail(fmt::format("answered case {:.60} instead of {}", answered, c.id));
  }
}

Declaration ProcessSubject::start() {
  try {
    child() = std::make_unique<Child>(argv_, threads_);
  } catch (const std::system_error& error) {
    fail(fmt::format("could not be started: {}", error.code().message()));
  }
  const std::string line = exchange("", options_.start_limit, "declaration",
                                    "before its declaration");
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (object.is_object() && object.contains("load_error")) {
    child().reset();
    throw LoadError(object["load_error"].is_string()
                        ? object["load_error"].get<std::string>()
                        : line);
  }
  try {
    return read_declaration(line);
  } catch (const WireError& error) {
    fail(fmt::format(
        "declared itself with a line that does not follow the wire format: {}",
        error.what()));
  }
}

std::string ProcessSubject::exchange(std::string_view text, milliseconds limit,
                                     std::string_view wanted,
                                     std::string_view when) {
  using Outcome = Child::Outcome;
  std::string line;
  Outcome outcome = Outcome::closed;
  try {
    outcome = child()->exchange(text, Clock::now() + limit, options_.line_limit,
                                line);
  } catch (const std::system_error& error) {  // of this side of the pipe
    child().reset();
    throw std::runtime_error(
        fmt::format("'{}': {}", name_of(argv_), error.what()));
  }
  switch (outcome) {
    case Outcome::line:
      break;
    case Outcome::closed:
      if (const auto end = child()->end_within(kGrace)) {
        fail(fmt::format("{} {}", describe(*end), when));
      }
      fail(fmt::format("closed its output and gave no {}", wanted));
    case Outcome::too_late:
      if (const auto end = child()->end_within(milliseconds(0))) {
        fail(fmt::format(
            "{}, but a process that it started keeps its output open, and "
            "there was no {} within {:g} s",
            describe(*end), wanted,
            std::chrono::duration<double>(limit).count()));
      }
      fail(fmt::format("gave no {} within {:g} s and was stopped", wanted,
                       std::chrono::duration<double>(limit).count()));
    case Outcome::too_long:
      fail(fmt::format("wrote a line of more than {} bytes {}",
                       options_.line_limit, when));
  }
  return line;
}

void ProcessSubject::fail(std::string_view what_it_did) {
  child().reset();
  throw SubjectFailure(
      fmt::format("'{}'{} {}", name_of(argv_),
                  threads_ == 0 ? std::string()
                                : fmt::format(" with {} thread{}", threads_,
                                              threads_ == 1 ? "" : "s"),
                  what_it_did));
}

}  // namespace exactbn
