// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "reference/sums/moments.h"

namespace exactbn {

// Computes something once per channel, on first request or earlier, together
// with other channels, which is faster. Thread-safe.
class OnceEach {
 public:
  explicit OnceEach(std::int64_t channels)
      : states_(static_cast<std::size_t>(channels)) {}

  bool done(std::int64_t c) const {
    return at(c).load(std::memory_order_acquire) == State::done;
  }

  // Calls make(run) for each run of these channels that no thread has claimed.
  // On return all of them are done.
  template <class Make>
  void operator()(const Channels& channels, const Make& make) {
    const std::int64_t end = channels.first + channels.count;
    for (std::int64_t c = channels.first; c < end;) {
      std::int64_t last = c;
      while (last < end && claim(last)) ++last;
      if (last > c) {
        make_run({c, last - c}, make);
        c = last;
      } else {
        // Another thread is making this channel. No deadlock: a thread that
        // waits holds no claim.
        at(c).wait(State::claimed, std::memory_order_acquire);
        if (done(c)) ++c;
      }
    }
  }

 private:
  enum class State : std::uint8_t { open, claimed, done };

  std::atomic<State>& at(std::int64_t c) {
    return states_[static_cast<std::size_t>(c)];
  }
  const std::atomic<State>& at(std::int64_t c) const {
    return states_[static_cast<std::size_t>(c)];
  }

  bool claim(std::int64_t c) {
    State open = State::open;
    return at(c).compare_exchange_strong(open, State::claimed,
                                         std::memory_order_acquire);
  }

  template <class Make>
  void make_run(const Channels& run, const Make& make) {
    try {
      make(run);
    } catch (...) {
      publish(run, State::open);
      throw;
    }
    publish(run, State::done);
  }

  void publish(const Channels& run, State state) {
    for (std::int64_t c = run.first; c < run.first + run.count; ++c) {
      at(c).store(state, std::memory_order_release);
      at(c).notify_all();
    }
  }

  std::vector<std::atomic<State>> states_;
};

}  // namespace exactbn
