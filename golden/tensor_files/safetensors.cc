// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "golden/tensor_files/little_endian.h"
#include "oracles/wire/json_line.h"

namespace exactbn {

namespace {

using nlohmann::json;

struct SafetensorsType {
  std::string_view name;
  std::int64_t width;  // 0: less than a byte
  std::optional<DType> dtype = {};
};
constexpr SafetensorsType kSafetensorsTypes[] = {
    {"F64", 8, DType::f64},
    {"F32", 4, DType::f32},
    {"F16", 2, DType::f16},
    {"BF16", 2, DType::bf16},
    {"F8_E4M3", 1, DType::f8e4m3fn},
    {"F8_E5M2", 1, DType::f8e5m2},
    {"BOOL", 1},
    {"U8", 1},
    {"I8", 1},
    {"U16", 2},
    {"I16", 2},
    {"U32", 4},
    {"I32", 4},
    {"U64", 8},
    {"I64", 8},
    {"C64", 8},
    {"F8_E8M0", 1},
};

struct Placed {
  StoredTensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::uint64_t integer(const json& value, const std::string& field) {
  if (!value.is_number_unsigned()) {
    throw TensorFileError(field + ": expected an integer of at least 0");
  }
  return value.get<std::uint64_t>();
}

// The reader of one entry of the header.
Placed placed(const std::string& name, const json& entry) {
  Placed p;
  p.tensor.name = name;
  const auto refuse = [&](const std::string& why) {
    throw TensorFileError(wire::brief(name) + ": " + why);
  };
  if (!entry.is_object()) refuse("expected an object");
  for (const auto& [key, value] : entry.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      refuse(wire::brief(key) + ": unknown field");
    }
  }
  const json& type = entry.value("dtype", json());
  const json& shape = entry.value("shape", json());
  const json& offsets = entry.value("data_offsets", json());
  if (!type.is_string()) refuse("dtype: expected a string");
  if (!shape.is_array()) refuse("shape: expected an array");
  if (!offsets.is_array() || offsets.size() != 2) {
    refuse("data_offsets: expected two integers");
  }
  p.tensor.type = wire::brief(type.get<std::string>());
  for (const json& extent : shape) {
    const std::uint64_t value = integer(extent, name + ": shape");
    if (value > INT64_MAX) refuse("shape: an extent is too large");
    p.tensor.shape.push_back(static_cast<std::int64_t>(value));
  }
  p.begin = integer(offsets[0], name + ": data_offsets");
  p.end = integer(offsets[1], name + ": data_offsets");
  if (p.end < p.begin) refuse("data_offsets: the end is before the beginning");
  const auto* known = std::find_if(
      std::begin(kSafetensorsTypes), std::end(kSafetensorsTypes),
      [&](const SafetensorsType& t) { return t.name == p.tensor.type; });
  if (known == std::end(kSafetensorsTypes)) return p;
  p.tensor.dtype = known->dtype;
  p.tensor.width = known->width;
  const std::optional<std::int64_t> count = count_of(p.tensor.shape);
  std::int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, known->width, &bytes)) {
    refuse("shape: " + to_string(p.tensor.shape) + " has too many values");
  }
  if (static_cast<std::uint64_t>(bytes) != p.end - p.begin) {
    refuse(fmt::format("data_offsets: {} bytes, expected {} ({} of {})",
                       p.end - p.begin, bytes, to_string(p.tensor.shape),
                       p.tensor.type));
  }
  return p;
}

json header_of(std::string_view text) {
  // A tensor has eight fields and elements and some extents.
  wire::LineParser parser(text.size() / 4 + 16);
  try {
    return parser.parse(text);
  } catch (const WireError& error) {
    throw TensorFileError(std::string("header: ") + error.what());
  }
}

}  // namespace

std::vector<StoredTensor> read_safetensors(std::string_view file) {
  constexpr std::size_t kLength = 8;
  const std::uint64_t size = load_little(file, 0, kLength);
  if (file.size() < kLength || size > file.size() - kLength) {
    throw TensorFileError(
        fmt::format("header: {} bytes, but the file has {}", size,
                    file.size() - std::min(kLength, file.size())));
  }
  const std::string_view data = file.substr(kLength + size);
  std::vector<Placed> all;
  const json header = header_of(file.substr(kLength, size));
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") all.push_back(placed(name, entry));
  }
  std::sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  std::vector<StoredTensor> tensors;
  for (Placed& p : all) {
    if (p.begin != at || p.end > data.size()) {
      throw TensorFileError(fmt::format(
          "{}: data_offsets: [{}, {}], expected to begin at {} and to end "
          "within {} bytes",
          wire::brief(p.tensor.name), p.begin, p.end, at, data.size()));
    }
    p.tensor.bytes = data.substr(p.begin, p.end - p.begin);
    at = p.end;
    tensors.push_back(std::move(p.tensor));
  }
  if (at != data.size()) {
    throw TensorFileError(
        fmt::format("{} bytes after the last tensor", data.size() - at));
  }
  if (tensors.empty()) throw TensorFileError("a file without tensors");
  return tensors;
}

}  // namespace exactbn
