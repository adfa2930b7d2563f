// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// During its lifetime this thread's parallel loops use the chosen number of
// threads: one in a forked process, where OpenMP's runtime would wait for
// threads that only its parent has.
class Threads {
 public:
  // For all that come later; 0: as many as OpenMP takes.
  static void choose(int threads);

  Threads();
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace exactbn
