// SPDX-License-Identifier: Apache-2.0
#include "golden/export/zip_file.h"

#include <boost/crc.hpp>
#include <initializer_list>
#include <limits>
#include <stdexcept>

#include "golden/export/arrays.h"
#include "golden/vector/bytes.h"

namespace exactbn {

namespace {

struct Field {
  std::uint64_t value;
  int bytes;
};

std::string fields(std::initializer_list<Field> list) {
  std::string text;
  for (const Field& field : list)
    text += little_endian(field.value, field.bytes);
  return text;
}

constexpr Field kVersion = {20, 2};
constexpr Field kNone = {0, 2};
constexpr Field kStored = {0, 2};
constexpr Field kNamesAreUtf8 = {1 << 11, 2};
// Midnight; years count from 1980, months and days from 1.
constexpr Field kTime = {0, 2};
constexpr Field kDate = {1 << 5 | 1, 2};

}  // namespace

void ZipFile::add(std::string_view name, std::string_view content) {
  boost::crc_32_type crc;
  crc.process_bytes(content.data(), content.size());
  // The fields that the member and its directory entry share.
  const std::string common = fields({kVersion,
                                     kNamesAreUtf8,
                                     kStored,
                                     kTime,
                                     kDate,
                                     {crc.checksum(), 4},
                                     {content.size(), 4},
                                     {content.size(), 4},
                                     {name.size(), 2},
                                     kNone});
  directory_ += fields({{0x02014b50, 4}, kVersion}) + common;
  // Comment length, disk number, attributes, offset of the member.
  directory_ += fields({kNone, kNone, kNone, {0, 4}, {members_.size(), 4}});
  directory_ += name;
  members_ += fields({{0x04034b50, 4}}) + common;
  members_ += name;
  members_ += content;
  ++count_;
  if (count_ >= std::numeric_limits<std::uint16_t>::max() ||
      members_.size() + directory_.size() >=
          std::numeric_limits<std::uint32_t>::max() - 22) {
    throw std::length_error(
        "exceeds a ZIP archive: at most 65534 members, 4 GiB");
  }
}

std::string ZipFile::take() {
  const std::string end = fields({{0x06054b50, 4},
                                  kNone,
                                  kNone,
                                  {count_, 2},
                                  {count_, 2},
                                  {directory_.size(), 4},
                                  {members_.size(), 4},
                                  kNone});
  return std::move(members_) + directory_ + end;
}

}  // namespace exactbn
