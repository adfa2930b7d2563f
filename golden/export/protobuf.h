// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exactbn {

// A message of Protocol Buffers, field by field, in the order of the calls. The
// wire format is three kinds of field; libprotobuf, which writes it too, does
// not promise the same bytes in another version, and libtorch brings one of its
// own into the program.
class Message {
 public:
  void add(int field, std::uint64_t number);
  void add(int field, std::string_view bytes);
  void add(int field, const Message& message) { add(field, message.bytes_); }
  void add(int field, float number);

  const std::string& bytes() const { return bytes_; }

 private:
  void add_varint(std::uint64_t number);
  void add_tag(int field, unsigned wire_type);

  std::string bytes_;
};

}  // namespace exactbn
