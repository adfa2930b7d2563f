// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/properties/interruptible.h"

#include <csignal>
#include <cstdlib>

namespace exactbn {

namespace {

volatile std::sig_atomic_t interrupts = 0;

extern "C" void on_interrupt(int) {
  if (interrupts != 0) std::_Exit(130);
  interrupts = 1;
}

}  // namespace

Interruptible::Interruptible() {
  interrupts = 0;
  before_ = std::signal(SIGINT, on_interrupt);
}

Interruptible::~Interruptible() { std::signal(SIGINT, before_); }

bool Interruptible::interrupted() { return interrupts != 0; }

}  // namespace exactbn
