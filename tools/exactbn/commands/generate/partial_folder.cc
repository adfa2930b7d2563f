// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/generate/partial_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "tools/exactbn/report.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& folder, const std::string& why) {
  throw UsageError(folder.string() + ": cannot be written: " + why);
}

}  // namespace

PartialFolder::PartialFolder(const fs::path& target)
    : target_(fs::absolute(target).lexically_normal()) {
  if (!target_.has_filename()) target_ = target_.parent_path();
  std::error_code failure;
  const bool taken =
      fs::exists(target_, failure) &&
      (!fs::is_directory(target_, failure) || !fs::is_empty(target_, failure));
  if (taken) fail(target, "it exists and is not empty");
  std::string name = target_.string() + ".partial-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail(target, std::strerror(errno));
  path_ = name;
  fs::permissions(path_, fs::perms(0755), failure);
}

PartialFolder::~PartialFolder() {
  std::error_code none;
  if (!path_.empty()) fs::remove_all(path_, none);
}

void PartialFolder::write(const std::string& name,
                          const std::string& text) const {
  std::error_code failure;
  fs::create_directories((path_ / name).parent_path(), failure);
  if (failure) fail(target_, failure.message());
  write_file((path_ / name).string(), text);
}

void PartialFolder::commit() {
  std::error_code failure;
  fs::rename(path_, target_, failure);
  if (failure) fail(target_, failure.message());
  path_.clear();
}

}  // namespace exactbn
