// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/tensor.h"

#include <fmt/ranges.h>

#include <array>

#include "oracles/wire/words.h"

namespace exactbn::wire {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::uint8_t kNoDigit = 0x80;

constexpr std::array<std::uint8_t, 256> kDigitValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 16; ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = i;
  }
  return values;
}();

std::uint8_t digit_value(char digit) {
  return kDigitValues[static_cast<unsigned char>(digit)];
}

std::size_t digits_of(DType dtype) {
  return static_cast<std::size_t>(format(dtype).hex_digits());
}

void append_bits(std::string& out, const Tensor& tensor) {
  const std::size_t digits = digits_of(tensor.dtype());
  std::size_t at = out.size();
  out.resize(at + static_cast<std::size_t>(tensor.size()) * digits);
  for (std::int64_t i = 0; i < tensor.size(); ++i, at += digits) {
    std::uint64_t bits = tensor.bits(i);
    for (std::size_t d = digits; d-- > 0; bits >>= 4) {
      out[at + d] = kDigits[bits & 15];
    }
  }
}

Shape read_shape(const json& value, const std::string& path) {
  constexpr std::size_t kMostAxes = 5;
  if (as_array(value, path).size() > kMostAxes) {
    refuse(path, fmt::format("{} extents, expected at most {}", value.size(),
                             kMostAxes));
  }
  Shape shape;
  for (const json& extent : value) {
    shape.push_back(as_integer<std::int64_t>(extent, path));
  }
  try {
    element_count(shape);
  } catch (const std::invalid_argument& error) {
    refuse(path, error.what());
  }
  return shape;
}

// The length has been checked, so the text bounds the memory.
Tensor decode_bits(std::string_view hex, const std::string& path, DType dtype,
                   const Shape& shape) {
  Tensor tensor(dtype, shape);
  const std::size_t digits = digits_of(dtype);
  std::uint8_t seen = 0;
  const char* next = hex.data();
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    std::uint64_t bits = 0;
    for (std::size_t d = 0; d < digits; ++d) {
      const std::uint8_t digit = digit_value(*next++);
      seen |= digit;
      bits = bits << 4 | digit;
    }
    tensor.set_bits(i, bits);
  }
  if ((seen & kNoDigit) != 0) {
    const std::size_t at = hex.find_first_not_of(kDigits);
    refuse(path, fmt::format("{} at digit {} is not a lower-case hexadecimal "
                             "digit",
                             json_quoted(hex.substr(at, 1)), at));
  }
  return tensor;
}

}  // namespace

Tensor read_tensor(const Fields& fields) {
  const DType dtype = choose(fields.at("dtype"), fields.path("dtype"), kDTypes);
  const Shape shape = read_shape(fields.at("shape"), fields.path("shape"));
  const std::string& hex = as_text(fields.at("bits"), fields.path("bits"));
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (hex.size() != count * digits_of(dtype)) {
    refuse(
        fields.path("bits"),
        fmt::format("{} hexadecimal digits, expected {} ({} values of {})",
                    hex.size(), count * digits_of(dtype), count, word(dtype)));
  }
  return decode_bits(hex, fields.path("bits"), dtype, shape);
}

void append_tensor(std::string& out, const Tensor& tensor) {
  out +=
      fmt::format(R"({{"dtype":"{}","shape":[{}],"bits":")",
                  format(tensor.dtype()).name, fmt::join(tensor.shape(), ","));
  append_bits(out, tensor);
  out += R"("})";
}

}  // namespace exactbn::wire
