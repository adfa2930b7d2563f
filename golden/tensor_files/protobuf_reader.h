// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace exactbn {

// The fields of a Protocol Buffers message, one after the other (its
// documentation, "Encoding"). libprotobuf would be a large dependency for the
// few fields that a tensor has.
class MessageReader {
 public:
  // The bytes must outlive this object.
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

  enum class Wire : std::uint8_t {
    varint = 0,
    fixed64 = 1,
    bytes = 2,
    fixed32 = 5
  };

  // Goes to the next field; false at the end. Throws TensorFileError if the
  // message is malformed.
  bool next();

  std::uint64_t field() const { return field_; }
  Wire wire() const { return wire_; }

  // The value of the field. Throws TensorFileError if it has another wire type.
  std::uint64_t integer() const;
  float number() const;            // of 32 bits
  std::string_view bytes() const;  // also of text and of a message

  // Calls use(integer) for the values of a repeated field of integers or of
  // fixed width, which may be packed.
  template <class Use>
  void each(Wire of, const Use& use) const {
    if (wire_ != Wire::bytes) {
      require(of);
      use(value_);
      return;
    }
    MessageReader packed(bytes_);
    while (!packed.rest_.empty()) use(packed.take(of));
  }

 private:
  std::uint64_t varint();
  std::uint64_t take(Wire wire);
  std::string_view take_bytes(std::uint64_t size);
  void require(Wire wire) const;

  std::string_view rest_;
  std::uint64_t field_ = 0;
  Wire wire_ = Wire::varint;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
};

}  // namespace exactbn
