// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <iosfwd>
#include <istream>
#include <ostream>
#include <streambuf>
#include <string>

namespace exactbn {

// Streams on file descriptors that tell an error from the end of a file:
// std::cin does not, because C's streams do not throw.

// Throws std::system_error on an error.
class DescriptorBuffer : public std::streambuf {
 public:
  // Closes the descriptor in the end.
  explicit DescriptorBuffer(int fd) : fd_(fd) {}
  ~DescriptorBuffer() override;
  DescriptorBuffer(const DescriptorBuffer&) = delete;
  DescriptorBuffer& operator=(const DescriptorBuffer&) = delete;

 protected:
  int_type underflow() override;
  // Nothing is buffered: writers write whole lines.
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;

 private:
  int fd_;
  std::array<char, 1 << 16> buffer_;
};

class InputStream : public std::istream {
 public:
  explicit InputStream(int fd);
  // A file, or standard input if its name is "-". Throws std::system_error.
  explicit InputStream(const std::string& file);

 private:
  DescriptorBuffer buffer_;
};

// Fails, and does not throw, on an error.
class OutputStream : public std::ostream {
 public:
  explicit OutputStream(int fd);

 private:
  DescriptorBuffer buffer_;
};

// Everything that is read by lines is read by this one. Sets the next line,
// without its end; false at the end of the input. On an error it throws what
// the stream threw, such as std::system_error or std::bad_alloc.
bool read_line(std::istream& in, std::string& line);

// All that is left, with the same errors.
std::string read_all(std::istream& in);

}  // namespace exactbn
