// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/process.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

#include "oracles/subjects/kept_process.h"
#include "oracles/subjects/plugin.h"
#include "oracles/wire.h"
#include "oracles/wire/breach.h"
#include "oracles/wire/json_line.h"
#include "oracles/wire/surroundings.h"

namespace exactbn {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a process may take to end once its output or input is closed.
constexpr milliseconds kGrace{1000};

// How often a wait for a process looks whether the run is to be stopped.
constexpr milliseconds kLook{50};

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

std::string describe(const KeptProcess::End& end) {
  using How = KeptProcess::End::How;
  if (end.how == How::keeper_gone) return "killed the process that watches it";
  if (end.how == How::signalled) {
    return fmt::format("died by signal {} ({})", end.status,
                       strsignal(end.status));
  }
  std::string text = fmt::format("exited with status {}", end.status);
  const int signal = end.status - 128;
  if (signal > 0 && signal < NSIG) {
    text += fmt::format(", which a shell reports for signal {} ({}),", signal,
                        strsignal(signal));
  }
  return text;
}

std::string quoted(std::string_view text) {
  return wire::json_quoted(wire::brief(text));
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
  Child(const std::vector<std::string>& argv, int threads,
        const std::function<bool()>& stopped)
      : process_(argv, environment(threads)), stopped_(stopped) {}

  enum class Outcome {
    line,
    closed,
    too_late,
    too_long,
    too_early,  // it wrote before it was asked
    stopped,    // the run is
  };

  // Writes `text` and reads one line at the same time, so that neither side
  // waits for the other to empty a full pipe.
  Outcome exchange(std::string_view text, Clock::time_point deadline,
                   std::size_t line_limit, std::string& line) {
    const NoSigpipe guard;
    if (!text.empty()) read();
    if (!unread_.empty()) return Outcome::too_early;
    std::size_t end = unread_.npos;
    while (end == std::string::npos || !text.empty()) {
      if (const auto why = wait(!text.empty(), deadline)) return *why;
      text.remove_prefix(write(text));
      const std::size_t before = unread_.size();
      const bool open = read();
      if (end == std::string::npos) end = unread_.find('\n', before);
      if (unread_.size() > line_limit) return Outcome::too_long;
      if (!open && end == std::string::npos) return Outcome::closed;
      if (!open) break;
    }
    line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return Outcome::line;
  }

  // The beginning of what it wrote and was not asked for.
  std::string_view unread() const {
    return std::string_view(unread_).substr(0, unread_.find('\n'));
  }

  void close_input() { process_.close_input(); }

  // Reads to the end of the output, and returns what is wrong with that.
  std::string end(std::size_t limit) {
    const Clock::time_point deadline = Clock::now() + kGrace;
    while (unread_.size() <= limit && !wait(false, deadline) && read()) {
    }
    process_.close_pipes();
    const auto end = end_within(kGrace);
    // A status means little: that of a script is of its last command.
    using How = KeptProcess::End::How;
    if (end && (end->how != How::exited || end->status > 128)) {
      return describe(*end) + " after its last answer";
    }
    if (unread_.find_first_not_of(" \t\r\n") == std::string::npos) return {};
    return "wrote a line that nobody asked for after its last answer: " +
           quoted(unread());
  }

  std::optional<KeptProcess::End> end_within(milliseconds limit) {
    return process_.end_within(limit);
  }

  void close() { process_.close_pipes(); }

 private:
  // Waits for input, or for room to write. Otherwise says what happened.
  std::optional<Outcome> wait(bool to_write, Clock::time_point deadline) const {
    std::array<pollfd, 2> fds{{{process_.output(), POLLIN, 0},
                               {to_write ? process_.input() : -1, POLLOUT, 0}}};
    while (true) {
      if (stopped_ && stopped_()) return Outcome::stopped;
      const auto left =
          std::chrono::ceil<milliseconds>(deadline - Clock::now());
      if (left <= milliseconds(0)) return Outcome::too_late;
      const int ready = ::poll(fds.data(), fds.size(),
                               static_cast<int>(std::min(left, kLook).count()));
      if (ready > 0) return std::nullopt;
      if (ready < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "poll");
      }
    }
  }

  // Returns the number of bytes consumed. A process that has closed its input
  // may still write an answer, so read() detects its end.
  std::size_t write(std::string_view text) const {
    if (text.empty()) return 0;
    const ssize_t n = ::write(process_.input(), text.data(), text.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    return errno == EAGAIN || errno == EINTR ? 0 : text.size();
  }

  // False at the end of the output.
  bool read() {
    std::array<char, 1 << 16> chunk;
    const ssize_t n = ::read(process_.output(), chunk.data(), chunk.size());
    if (n > 0) unread_.append(chunk.data(), static_cast<std::size_t>(n));
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "read");
    }
    return n != 0;
  }

  KeptProcess process_;
  const std::function<bool()>& stopped_;
  std::string unread_;
};

ProcessSubject::ProcessSubject(std::vector<std::string> argv,
                               ProcessOptions options)
    : argv_(std::move(argv)),
      options_(std::move(options)),
      declaration_(start()) {}

ProcessSubject::~ProcessSubject() {
  if (options_.stopped && options_.stopped()) return;
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
               options_.line_limit + digits_of_answer(c.problem),
               fmt::format("answer to case {}", c.id), "on case " + c.id);
  try {
    if (const auto breach = read_breach(line)) {
      fail(fmt::format("{}, in case {}", *breach, c.id));
    }
    Answer answer = read_answer(line, c);
    require_one_line();
    return answer;
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
    child() = std::make_unique<Child>(argv_, threads_, options_.stopped);
  } catch (const std::system_error& error) {
    fail(fmt::format("could not be started: {}", error.code().message()));
  }
  const std::string line =
      exchange("", options_.start_limit, options_.line_limit, "declaration",
               "before its declaration");
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (object.is_object() && object.contains("load_error")) {
    child().reset();
    throw LoadError(object["load_error"].is_string()
                        ? object["load_error"].get<std::string>()
                        : line);
  }
  try {
    Declaration declaration = read_declaration(line);
    require_one_line();
    return declaration;
  } catch (const WireError& error) {
    fail(fmt::format(
        "declared itself with a line that does not follow the wire format: {}",
        error.what()));
  }
}

std::string ProcessSubject::exchange(std::string_view text, milliseconds limit,
                                     std::size_t line_limit,
                                     std::string_view wanted,
                                     std::string_view when) {
  using Outcome = Child::Outcome;
  std::string line;
  Outcome outcome = Outcome::closed;
  try {
    outcome = child()->exchange(text, Clock::now() + limit, line_limit, line);
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
      fail(fmt::format("gave no {} within {:g} s and was stopped", wanted,
                       std::chrono::duration<double>(limit).count()));
    case Outcome::too_long:
      fail(fmt::format("wrote more than {} bytes {}", line_limit, when));
    case Outcome::too_early:
      fail<LateOutput>(wrote_more());
    case Outcome::stopped:
      child().reset();
      throw RunStopped();
  }
  last_ = wanted;
  return line;
}

// What is wrong with the line itself is said first: whether more of the output
// has arrived by now is chance.
void ProcessSubject::require_one_line() {
  if (!child()->unread().empty()) fail(wrote_more());
}

std::string ProcessSubject::wrote_more() {
  return fmt::format("wrote {} after its {}", quoted(child()->unread()), last_);
}

template <class Failure>
void ProcessSubject::fail(std::string_view what_it_did) {
  child().reset();
  throw Failure(fmt::format("'{}'{} {}", name_of(argv_),
                            threads_ == 0
                                ? std::string()
                                : fmt::format(" with {} thread{}", threads_,
                                              threads_ == 1 ? "" : "s"),
                            what_it_did));
}

}  // namespace exactbn
