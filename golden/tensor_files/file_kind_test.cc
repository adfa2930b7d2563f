// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/file_kind.h"

#include <gtest/gtest.h>

#include "golden/tensor_files/refusal_test.h"

namespace exactbn {
namespace {

using namespace std::string_literals;

TEST(FileKind, NamesWhatCannotBeRead) {
  const std::pair<std::string, std::string> all[] = {
      {"\x80\x04\x95", "a pickle; save arrays with numpy.savez"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20",
       "a PyTorch file; save arrays with numpy.savez"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file; save arrays with numpy.savez"},
      {"MATLAB 5.0 MAT-file", "a MATLAB file; save arrays with numpy.savez"},
      {"\x1f\x8b\x08", "a gzip file; unpack it first"},
      {"\x89PNG\r\n", "a PNG image; expected tensors"},
      {"\xff\xfe{\0"s, "text in UTF-16; expected UTF-8"},
      {"1.5,2.5\n3,4\n",
       "a table of text, such as CSV; save arrays with numpy.savez"},
      {"{\"case\":1}\n", "text; expected tensors"},
      {"PK\x05\x06", "a ZIP archive that is cut off: it has no directory"},
      {std::string(257, '\1') + "ustar", "a tar archive; unpack it first"},
  };
  for (const auto& [file, message] : all) {
    EXPECT_EQ(refusal([&, &text = file] { read_tensors(text, "x"); }), message);
  }
}

TEST(FileKind, TextIsText) {
  EXPECT_EQ(file_kind("").format, FileFormat::text);
  EXPECT_EQ(file_kind("{\"case\":1,\"a\":2}").what, "text; expected tensors");
  EXPECT_EQ(file_kind("caf\xc3\xa9").format, FileFormat::text);
  EXPECT_EQ(file_kind("a\1b").format, FileFormat::protobuf);
}

}  // namespace
}  // namespace exactbn
