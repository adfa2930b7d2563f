// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/zip_archive.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "golden/export/zip_file.h"
#include "golden/tensor_files/refusal_test.h"
#include "golden/vector/bytes.h"

namespace exactbn {
namespace {

// Raw deflate.
std::string deflated(const std::string& content) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string packed(content.size() + 100, '\0');
  std::string from = content;
  stream.next_in = reinterpret_cast<Bytef*>(from.data());
  stream.avail_in = static_cast<uInt>(from.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

void put(std::string& text, std::size_t at, std::uint64_t value, int bytes) {
  text.replace(at, static_cast<std::size_t>(bytes),
               little_endian(value, bytes));
}

// An archive of one deflated member that claims to have `size` bytes.
std::string archive_of(const std::string& content, std::uint64_t size) {
  const std::string packed = deflated(content);
  ZipFile zip;
  zip.add("a", packed);
  std::string file = zip.take();
  const std::size_t directory = 30 + 1 + packed.size();
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()),
                         static_cast<uInt>(content.size()));
  put(file, directory + 10, 8, 2);
  put(file, directory + 16, crc, 4);
  put(file, directory + 24, size, 4);
  return file;
}

std::string content(const std::string& file) {
  const ZipArchive archive(file);
  return archive.read(archive.members().at(0));
}

TEST(ZipArchive, ReadsStoredAndDeflatedMembers) {
  ZipFile zip;
  zip.add("empty", "");
  zip.add("b", "content");
  const std::string file = zip.take();
  const ZipArchive archive(file);
  ASSERT_EQ(archive.members().size(), 2U);
  EXPECT_EQ(archive.members()[1].name, "b");
  EXPECT_EQ(archive.read(archive.members()[0]), "");
  EXPECT_EQ(archive.read(archive.members()[1]), "content");
  const std::string text(5000, 'x');
  EXPECT_EQ(content(archive_of(text, text.size())), text);
  EXPECT_EQ(content(archive_of("", 0)), "");
}

TEST(ZipArchive, SizesMustBeTrue) {
  const std::string text(5000, 'x');
  for (const std::uint64_t size : {0U, 1U, 4999U, 5001U, 500000U}) {
    EXPECT_EQ(refusal([&] { content(archive_of(text, size)); }),
              "a: the compressed data are damaged")
        << size;
  }
}

TEST(ZipArchive, ABombIsRefusedBeforeItUnpacks) {
  const std::string zeros(4 << 20, '\0');
  EXPECT_EQ(refusal([&] { ZipArchive(archive_of(zeros, zeros.size())); }),
            "a: the archive unpacks to more than 100 times its size; save "
            "arrays uncompressed, with numpy.savez");
  // Each member is small enough, but they share their data.
  const std::string file = archive_of(zeros.substr(0, 1000000), 1000000);
  const std::size_t end = file.size() - 22;
  std::string many = file.substr(0, end);
  const std::size_t at = static_cast<unsigned char>(file[end + 16]) +
                         256U * static_cast<unsigned char>(file[end + 17]);
  many += file.substr(at, end - at);
  std::string last = file.substr(end);
  put(last, 10, 2, 2);
  EXPECT_NE(refusal([&] { ZipArchive archive(many + last); }), "");
}

TEST(ZipArchive, DamageIsNoticed) {
  ZipFile zip;
  zip.add("b", "content");
  const std::string file = zip.take();
  EXPECT_EQ(refusal([&] { content(file.substr(0, file.size() - 1)); }),
            "a ZIP archive that is cut off: it has no directory");
  std::string wrong = file;
  wrong[31] = 'C';
  EXPECT_EQ(refusal([&] { content(wrong); }),
            "b: the checksum is wrong: the archive is damaged");
  wrong = file;
  wrong[0] = 'Q';
  EXPECT_EQ(refusal([&] { content(wrong); }),
            "b: its header in the archive is damaged");
  const std::size_t directory = 30 + 1 + 7;
  wrong = file;
  put(wrong, directory + 8, 1, 2);
  EXPECT_EQ(refusal([&] { content(wrong); }), "b: encrypted");
  wrong = file;
  put(wrong, directory + 10, 12, 2);
  EXPECT_EQ(refusal([&] { content(wrong); }),
            "b: compression 12; expected none or deflate");
  wrong = file;
  put(wrong, directory + 20, 7777, 4);
  EXPECT_EQ(refusal([&] { content(wrong); }),
            "b: 7777 bytes in the archive, which ends before");
  wrong = file;
  put(wrong, directory + 28, 0xffff, 2);
  EXPECT_EQ(refusal([&] { content(wrong); }),
            "a ZIP archive with a damaged directory");
}

// The sizes are in the extra field, as numpy writes them for large arrays.
TEST(ZipArchive, ReadsZip64) {
  ZipFile zip;
  zip.add("b", "content");
  std::string file = zip.take();
  const std::size_t directory = 30 + 1 + 7;
  put(file, directory + 20, 0xffffffff, 4);
  put(file, directory + 24, 0xffffffff, 4);
  put(file, directory + 30, 20, 2);
  file.insert(directory + 46 + 1, little_endian(1, 2) + little_endian(16, 2) +
                                      little_endian(7, 8) +
                                      little_endian(7, 8));
  EXPECT_EQ(content(file), "content");
}

}  // namespace
}  // namespace exactbn
