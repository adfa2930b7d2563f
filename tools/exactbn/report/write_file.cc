// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/write_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include "tools/exactbn/held_signals.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& why) {
  throw UsageError(file + ": cannot be written: " + why);
}

[[noreturn]] void fail(const std::string& file, int error) {
  fail(file, std::strerror(error));
}

// Where the text of a file goes: to a new file in its place, or, if it is a
// device or a pipe, into it.
struct Target {
  fs::path path;  // no symbolic link
  bool in_place = false;
  struct stat status {};  // of what is there
  bool is_there = false;
};

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// A regular file that is a standard stream, too, would lose one of the two.
bool is_a_stream(const struct stat& status) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat stream {};
    if (::fstat(fd, &stream) == 0 && is_same(stream, status)) return true;
  }
  return false;
}

Target target_of(const std::string& file) {
  Target target;
  target.path = file;
  target.is_there = ::stat(file.c_str(), &target.status) == 0;
  if (!target.is_there) {
    if (errno != ENOENT) fail(file, errno);
    if (fs::is_symlink(file)) fail(file, "it is a symbolic link to nothing");
    return target;
  }
  if (S_ISDIR(target.status.st_mode)) fail(file, EISDIR);
  target.in_place = !S_ISREG(target.status.st_mode);
  if (target.in_place) return target;
  if (is_a_stream(target.status)) fail(file, "it is an output of this command");
  std::error_code failure;
  target.path = fs::canonical(file, failure);
  if (failure) fail(file, failure.message());
  return target;
}

fs::path folder_of(const fs::path& path) {
  return fs::absolute(path).lexically_normal().parent_path() / "";
}

// Returns errno, 0 if all was written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

void write_in_place(const std::string& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) fail(file, errno);
  int error = write_all(fd, text);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error != 0) fail(file, error);
}

// The new file is as the old one was for everybody who may use it. Only root
// can keep the owner.
int keep_attributes(int fd, const struct stat& old) {
  [[maybe_unused]] const int owner = ::fchown(fd, old.st_uid, old.st_gid);
  return ::fchmod(fd, old.st_mode & 07777) == 0 ? 0 : errno;
}

void replace(const std::string& file, const Target& target,
             const std::string& text) {
  const HeldSignals held;
  const fs::path partial = temporary_beside(target.path);
  const int fd =
      ::open(partial.c_str(),
             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) fail(file, errno);
  int error = target.is_there ? keep_attributes(fd, target.status) : 0;
  if (error == 0) error = write_all(fd, text);
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(partial.c_str(), target.path.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) return;
  ::unlink(partial.c_str());
  fail(file, error);
}

}  // namespace

fs::path temporary_beside(const fs::path& path) {
  std::random_device random;
  const auto half = [&] { return static_cast<std::uint32_t>(random()); };
  return folder_of(path) / fmt::format(".exactbn-{:08x}{:08x}", half(), half());
}

void require_writable(const std::string& file) {
  const Target target = target_of(file);
  const fs::path written =
      target.in_place ? target.path : folder_of(target.path);
  if (::access(written.c_str(), W_OK) != 0) fail(file, errno);
}

void write_file(const std::string& file, const std::string& text) {
  const Target target = target_of(file);
  if (target.in_place) {
    write_in_place(file, text);
  } else {
    replace(file, target, text);
  }
}

}  // namespace exactbn
