// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exactbn {

// A Protocol Buffers message, field by field, in the order of the calls. Three
// kinds of field suffice. libprotobuf does not promise the same bytes across
// versions, and libtorch brings its own copy into the program.
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
