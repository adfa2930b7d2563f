// SPDX-License-Identifier: Apache-2.0
#include "golden/export/protobuf.h"

#include <bit>

#include "golden/export/arrays.h"
#include "golden/vector/bytes.h"

namespace exactbn {

namespace {

constexpr unsigned kVarint = 0;
constexpr unsigned kLengthDelimited = 2;
constexpr unsigned kFixed32 = 5;

}  // namespace

// Seven bits a byte, lowest first; the eighth bit says that more bytes follow.
void Message::add_varint(std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) {
    bytes_ += static_cast<char>((number & 0x7f) | 0x80);
  }
  bytes_ += static_cast<char>(number);
}

void Message::add_tag(int field, unsigned wire_type) {
  add_varint(static_cast<std::uint64_t>(field) << 3 | wire_type);
}

void Message::add(int field, std::uint64_t number) {
  add_tag(field, kVarint);
  add_varint(number);
}

void Message::add(int field, std::string_view bytes) {
  add_tag(field, kLengthDelimited);
  add_varint(bytes.size());
  bytes_ += bytes;
}

void Message::add(int field, float number) {
  add_tag(field, kFixed32);
  bytes_ += little_endian(std::bit_cast<std::uint32_t>(number), 4);
}

}  // namespace exactbn
