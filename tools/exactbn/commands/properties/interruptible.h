// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// While this object is there, the first interrupt from the terminal ends the
// run, with what was found so far; the second ends the program.
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
