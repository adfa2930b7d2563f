// SPDX-License-Identifier: Apache-2.0
#include "oracles/descriptor_stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <system_error>
#include <vector>

namespace exactbn {

namespace {

struct Ends {
  Ends() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe(fds.data()), 0);
    from = fds[0];
    to = fds[1];
  }
  int from = -1;
  int to = -1;
};

std::vector<std::string> lines_of(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; read_line(in, line);) lines.push_back(line);
  return lines;
}

TEST(DescriptorStream, ReadsWhatWasWritten) {
  const Ends pipe;
  const std::string longer(10'000, 'x');
  {
    OutputStream out(pipe.to);
    out << "one\n\n" << longer << "\nlast without an end" << std::flush;
    EXPECT_TRUE(out);
  }
  InputStream in(pipe.from);
  EXPECT_EQ(lines_of(in), (std::vector<std::string>{"one", "", longer,
                                                    "last without an end"}));
}

TEST(DescriptorStream, ReadsAll) {
  std::istringstream in("a\nb");
  EXPECT_EQ(read_all(in), "a\nb");
  std::istringstream none;
  EXPECT_EQ(read_all(none), "");
}

TEST(DescriptorStream, AnErrorIsNotTheEnd) {
  std::string line;
  InputStream folder(std::string("/"));
  EXPECT_THROW(read_line(folder, line), std::system_error);
  InputStream again(std::string("/"));
  EXPECT_THROW(read_all(again), std::system_error);
  EXPECT_THROW(InputStream(std::string("/no such file")), std::system_error);
}

// After some lines, and of other streams too.
TEST(DescriptorStream, AnErrorOfAnyBufferIsThrown) {
  struct Failing : std::streambuf {
    Failing() { setg(text.data(), text.data(), text.data() + text.size()); }
    int_type underflow() override { throw std::bad_alloc(); }
    std::string text = "one\ntw";
  } buffer;
  std::istream in(&buffer);
  std::string line;
  EXPECT_TRUE(read_line(in, line));
  EXPECT_THROW(read_line(in, line), std::bad_alloc);
}

TEST(DescriptorStream, AFailedWriteFails) {
  const Ends pipe;
  OutputStream out(pipe.from);  // its reading end
  out << "text" << std::flush;
  EXPECT_FALSE(out);
  ::close(pipe.to);
}

}  // namespace

}  // namespace exactbn
