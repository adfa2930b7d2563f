// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace exactbn {

// A folder beside the one that is wanted, which takes its name in one step when
// it is complete, and is gone when it is not. All of it throws UsageError where
// it cannot be written.
class PartialFolder {
 public:
  explicit PartialFolder(const std::filesystem::path& target);
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder();

  void write(const std::string& name, const std::string& text) const;
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace exactbn
