// SPDX-License-Identifier: Apache-2.0
#include "tools/library/threads.h"

#include <omp.h>
#include <unistd.h>

#include <atomic>

namespace exactbn {

namespace {

std::atomic<int> chosen = 0;
const pid_t loaded_in = ::getpid();

}  // namespace

void Threads::choose(int threads) { chosen = threads; }

// The setting belongs to the calling thread, whose OpenMP may also be that of
// the program.
Threads::Threads() : before_(omp_get_max_threads()) {
  if (::getpid() != loaded_in) {
    omp_set_num_threads(1);
  } else if (const int threads = chosen) {
    omp_set_num_threads(threads);
  }
}

Threads::~Threads() { omp_set_num_threads(before_); }

}  // namespace exactbn
