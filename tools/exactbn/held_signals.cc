// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/held_signals.h"

#include <array>
#include <atomic>
#include <csignal>

#include "tools/exactbn/host.h"

namespace exactbn {

namespace {

constexpr std::array kHeld = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> first = 0;
static_assert(std::atomic<int>::is_always_lock_free);

int holders = 0;
std::array<struct sigaction, kHeld.size()> before;

extern "C" void remember(int signal) {
  int none = 0;
  first.compare_exchange_strong(none, signal);
}

void hold() {
  for (std::size_t i = 0; i < kHeld.size(); ++i) {
    ::sigaction(kHeld[i], nullptr, &before[i]);
    if (before[i].sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = remember;
    action.sa_flags = SA_RESTART;
    ::sigaction(kHeld[i], &action, nullptr);
  }
}

void release() {
  for (std::size_t i = 0; i < kHeld.size(); ++i) {
    ::sigaction(kHeld[i], &before[i], nullptr);
  }
}

}  // namespace

HeldSignals::HeldSignals() {
  if (!host() && holders++ == 0) hold();
}

HeldSignals::~HeldSignals() {
  if (host() || --holders > 0) return;
  release();
  if (const int signal = take()) ::raise(signal);
}

int HeldSignals::pending() { return first; }

int HeldSignals::take() { return first.exchange(0); }

}  // namespace exactbn
