// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// Opens /dev/null for each of standard input, output and error that is closed,
// so that no other file gets its number. Reading such an input or writing such
// an output still fails.
void open_standard_descriptors();

// Starts all of OpenMP's threads: this many, or as many as it takes by default
// if 0. Fewer if the system does not let us have more, which is said. Throws
// UsageError if OMP_NUM_THREADS is out of range.
//
// OpenMP's runtime ends the program with exit code 1 if it lacks threads or
// memory later, and C++'s with 134 if an exception is lost. From now on both
// are exit code 2, with a line that says so.
void start_threads(int threads);

// The program ends in its own way.
void no_last_resort();

}  // namespace exactbn
