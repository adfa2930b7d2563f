// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "tools/exactbn/held_signals.h"

namespace exactbn {

// Throws UsageError if a PartialFolder for this target is bound to fail; call
// it before a long run.
void require_new_folder(const std::filesystem::path& name);

// A temporary folder beside the target. commit() renames it to the target in
// one step; without commit(), the destructor removes it. Signals that end the
// program wait for that. Throws UsageError if something cannot be written.
class PartialFolder {
 public:
  explicit PartialFolder(const std::filesystem::path& target);
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder();

  void write(const std::string& name, const std::string& text) const;
  void commit();

 private:
  HeldSignals held_;  // the last member to be destroyed
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace exactbn
