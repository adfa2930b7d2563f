// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/generate/partial_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& folder, const std::string& why) {
  throw UsageError(folder.string() + ": cannot be written: " + why);
}

// The folder that a name means, without a symbolic link or a trailing slash.
fs::path folder_named(const fs::path& name) {
  std::error_code none;
  fs::path real = fs::canonical(name, none);
  if (!none) return real;
  const fs::path folder = fs::absolute(name).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

void require_new_folder(const fs::path& name) {
  const fs::path folder = folder_named(name);
  std::error_code failure;
  if (fs::is_symlink(folder)) fail(name, "it is a symbolic link to nothing");
  const bool taken =
      fs::exists(folder, failure) &&
      (!fs::is_directory(folder, failure) || !fs::is_empty(folder, failure));
  if (taken) fail(name, "it exists and is not empty");
  if (::access((folder.parent_path() / "").c_str(), W_OK) != 0) {
    fail(name, std::strerror(errno));
  }
}

PartialFolder::PartialFolder(const fs::path& target)
    : target_(folder_named(target)), path_(temporary_beside(target_)) {
  require_new_folder(target);
  if (::mkdir(path_.c_str(), 0777) == 0) return;
  const int error = errno;
  path_.clear();
  fail(target, std::strerror(error));
}

PartialFolder::~PartialFolder() {
  std::error_code none;
  if (!path_.empty()) fs::remove_all(path_, none);
}

void PartialFolder::write(const std::string& name,
                          const std::string& text) const {
  if (HeldSignals::pending()) fail(target_, "the run was stopped");
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
