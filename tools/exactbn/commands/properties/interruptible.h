// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// While this object exists, the first interrupt from the terminal ends the run,
// which reports what it has found so far; the second ends the program.
class Interruptible {
 public:
  Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible();

  static bool interrupted();

 private:
  void (*before_)(int) = nullptr;
};

}  // namespace exactbn
