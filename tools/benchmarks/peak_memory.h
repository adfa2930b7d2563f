// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace exactbn {

// The growth of this process's peak resident memory since construction.
class PeakMemory {
 public:
  PeakMemory();
  // In MiB; NaN if the system does not report it.
  double grown() const;

 private:
  double before_;
};

}  // namespace exactbn
