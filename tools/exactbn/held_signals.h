// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// While one of these exists, SIGINT, SIGTERM and SIGHUP do not end the program,
// but are remembered. When the last one ends, so does the program, by the
// signal that came first, unless that was taken. Signals that the caller of the
// program ignores stay ignored. For the main thread. In a host they do nothing:
// signals are the host's.
class HeldSignals {
 public:
  HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

  // The signal that came first; 0 if none did. May be called by any thread.
  static int pending();

  // The same; that signal then has no more effect.
  static int take();
};

}  // namespace exactbn
