// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/bytes.h"

namespace exactbn {

std::string little_endian(std::uint64_t bits, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(bits >> 8 * i & 0xff);
  }
  return text;
}

std::string little_endian(const Tensor& tensor) {
  const int width = format(tensor.dtype()).width / 8;
  std::string text;
  text.reserve(tensor.bytes().size());
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    text += little_endian(tensor.bits(i), width);
  }
  return text;
}

}  // namespace exactbn
