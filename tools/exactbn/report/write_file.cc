// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tools/exactbn/report.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& why) {
  throw UsageError(file + ": cannot be written: " + why);
}

// A symbolic link is not a regular file: its target may be a device.
bool is_replaceable(const std::string& file) {
  std::error_code none;
  const fs::file_status status = fs::symlink_status(file, none);
  return !fs::exists(status) || fs::is_regular_file(status);
}

std::error_code write(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  // Keeps the reason of the first failure: closing may report none.
  int failure = out ? 0 : errno;
  out.close();
  if (failure == 0 && !out) failure = errno;
  return {failure, std::generic_category()};
}

}  // namespace

void require_writable(const std::string& file) {
  if (fs::is_directory(file)) fail(file, std::strerror(EISDIR));
  const fs::path folder = fs::absolute(file).parent_path();
  const fs::path target = is_replaceable(file) ? folder / "" : fs::path(file);
  if (::access(target.c_str(), W_OK) != 0) fail(file, std::strerror(errno));
}

void write_file(const std::string& file, const std::string& text) {
  const bool replace = is_replaceable(file);
  const std::string target = replace ? file + ".partial" : file;
  std::error_code failure = write(target, text);
  if (replace && !failure) fs::rename(target, file, failure);
  if (!failure) return;
  std::error_code none;
  if (replace) fs::remove(target, none);
  fail(file, failure.message());
}

}  // namespace exactbn
