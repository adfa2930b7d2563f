// SPDX-License-Identifier: Apache-2.0
#include "oracles/descriptor_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <system_error>

namespace exactbn {

namespace {

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

int opened(const std::string& file) {
  const int fd = file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                             : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("open");
  return fd;
}

}  // namespace

DescriptorBuffer::~DescriptorBuffer() { ::close(fd_); }

DescriptorBuffer::int_type DescriptorBuffer::underflow() {
  ssize_t n = 0;
  do {
    n = ::read(fd_, buffer_.data(), buffer_.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) fail("read");
  setg(buffer_.data(), buffer_.data(), buffer_.data() + n);
  return n == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_[0]);
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type byte) {
  if (traits_type::eq_int_type(byte, traits_type::eof())) return 0;
  const char c = traits_type::to_char_type(byte);
  xsputn(&c, 1);
  return byte;
}

std::streamsize DescriptorBuffer::xsputn(const char* text,
                                         std::streamsize size) {
  for (std::streamsize done = 0; done < size;) {
    const ssize_t n =
        ::write(fd_, text + done, static_cast<std::size_t>(size - done));
    if (n < 0 && errno != EINTR) fail("write");
    done += n < 0 ? 0 : n;
  }
  return size;
}

InputStream::InputStream(int fd) : std::istream(nullptr), buffer_(fd) {
  rdbuf(&buffer_);
  exceptions(std::ios::badbit);
}

InputStream::InputStream(const std::string& file) : InputStream(opened(file)) {}

OutputStream::OutputStream(int fd) : std::ostream(nullptr), buffer_(fd) {
  rdbuf(&buffer_);
}

bool read_line(std::istream& in, std::string& line) {
  in.exceptions(std::ios::badbit);
  return static_cast<bool>(std::getline(in, line));
}

std::string read_all(std::istream& in) {
  in.exceptions(std::ios::badbit);
  // Not the iterators of the buffer, whose exceptions reach the caller anyhow:
  // these would take one character at a time.
  std::string text;
  std::array<char, 1 << 16> chunk;
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  }
  return text;
}

}  // namespace exactbn
