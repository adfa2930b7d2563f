// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace exactbn {

// A file descriptor that is closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  void close();

 private:
  int fd_;
};

// A pipe that programs started by this one do not inherit.
struct Pipe {
  Pipe();

  Descriptor from;
  Descriptor to;

 private:
  explicit Pipe(const int (&fds)[2]) : from(fds[0]), to(fds[1]) {}
};

// A process with pipes for its standard input and output, in a session of its
// own. It ends with all its descendants when this object does, or when this
// process ends in any way, SIGKILL included. A second process, the keeper, sees
// to that: it adopts descendants whose parent ended, whatever group or session
// they are in, and kills them as soon as the process itself or this process
// ends.
class KeptProcess {
 public:
  // How the process ended: by itself or by a signal. The keeper can only be
  // gone if somebody killed it; the process was then killed, too.
  struct End {
    enum class How : std::uint8_t { exited, signalled, keeper_gone };
    How how = How::keeper_gone;
    int status = 0;  // or the signal
  };

  // argv[0] is looked up in PATH. Throws std::system_error if it cannot be
  // started.
  KeptProcess(std::vector<std::string> argv,
              std::vector<std::string> environment);
  KeptProcess(const KeptProcess&) = delete;
  KeptProcess& operator=(const KeptProcess&) = delete;
  ~KeptProcess();

  // The ends of the pipes; both do not block.
  int input() const { return input_.to.get(); }
  int output() const { return output_.from.get(); }
  void close_input();
  void close_pipes();

  std::optional<End> end_within(std::chrono::milliseconds limit);

 private:
  // Kills what is left, and waits for it.
  void stop();

  Pipe input_;
  Pipe output_;
  Pipe failure_;   // errno, if the program could not be started
  Pipe lifeline_;  // closed when this process ends
  Pipe end_;       // the End; closed when the keeper ends
  pid_t keeper_ = 0;
  std::optional<End> ended_;
};

}  // namespace exactbn
