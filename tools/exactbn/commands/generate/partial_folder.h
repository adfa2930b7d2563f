// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace exactbn {

// A temporary folder beside the target. commit() renames it to the target in
// one step; without commit(), the destructor removes it. Throws UsageError if
// something cannot be written.
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
