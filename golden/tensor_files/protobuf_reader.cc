// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/protobuf_reader.h"

#include <fmt/format.h>

#include <bit>

#include "golden/tensor_files.h"
#include "golden/tensor_files/little_endian.h"

namespace exactbn {

std::uint64_t MessageReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take_bytes(1)[0]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw TensorFileError("not a protobuf message: an integer is too long");
}

std::string_view MessageReader::take_bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    throw TensorFileError("not a protobuf message, or it ends too early");
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t MessageReader::take(Wire wire) {
  if (wire == Wire::varint) return varint();
  const std::size_t width = wire == Wire::fixed64 ? 8 : 4;
  return load_little(take_bytes(width), 0, width);
}

bool MessageReader::next() {
  if (rest_.empty()) return false;
  const std::uint64_t tag = varint();
  field_ = tag >> 3;
  const auto kind = static_cast<std::uint8_t>(tag & 7);
  if (field_ == 0 || (kind > 2 && kind != 5)) {
    throw TensorFileError(fmt::format("not a protobuf message: tag {}", tag));
  }
  wire_ = static_cast<Wire>(kind);
  if (wire_ == Wire::bytes) {
    bytes_ = take_bytes(varint());
  } else {
    value_ = take(wire_);
  }
  return true;
}

void MessageReader::require(Wire wire) const {
  if (wire_ == wire) return;
  throw TensorFileError(fmt::format("field {}: wire type {}, expected {}",
                                    field_, static_cast<int>(wire_),
                                    static_cast<int>(wire)));
}

std::uint64_t MessageReader::integer() const {
  require(Wire::varint);
  return value_;
}

float MessageReader::number() const {
  require(Wire::fixed32);
  return std::bit_cast<float>(static_cast<std::uint32_t>(value_));
}

std::string_view MessageReader::bytes() const {
  require(Wire::bytes);
  return bytes_;
}

}  // namespace exactbn
