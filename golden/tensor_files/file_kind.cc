// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/file_kind.h"

#include <algorithm>

namespace exactbn {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSave = "save arrays with numpy.savez";
constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kNoTensors = "expected tensors";

struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view what;
  std::string_view advice;
};

// The more specific first. The bytes are those of each format's specification.
constexpr Signature kSignatures[] = {
    {0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9"sv, "a PyTorch file", kSave},
    {0, "\x80\x02"sv, "a pickle", kSave},
    {0, "\x80\x03"sv, "a pickle", kSave},
    {0, "\x80\x04"sv, "a pickle", kSave},
    {0, "\x80\x05"sv, "a pickle", kSave},
    {0, "MATLAB 7.3"sv, "a MATLAB file", kSave},
    {0, "MATLAB 5.0"sv, "a MATLAB file", kSave},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file", kSave},
    {0, "\x1f\x8b"sv, "a gzip file", kUnpack},
    {0, "BZh"sv, "a bzip2 file", kUnpack},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "an xz file", kUnpack},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd file", kUnpack},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", kUnpack},
    {257, "ustar"sv, "a tar archive", kUnpack},
    {0, "\x89PNG"sv, "a PNG image", kNoTensors},
    {0, "\xff\xd8\xff"sv, "a JPEG image", kNoTensors},
    {0, "GIF8"sv, "a GIF image", kNoTensors},
    {0, "II*\0"sv, "a TIFF image", kNoTensors},
    {0, "MM\0*"sv, "a TIFF image", kNoTensors},
    {0, "%PDF"sv, "a PDF document", kNoTensors},
    {0,
     "\x7f"
     "ELF"sv,
     "a program or a shared library", "judge a plugin with exactbn validate"},
    {0, "PAR1"sv, "a Parquet file", kSave},
    {0, "ARROW1"sv, "an Arrow file", kSave},
    {4, "TFL3"sv, "a TensorFlow Lite model", kNoTensors},
    {0, "GGUF"sv, "a GGUF model", kSave},
    {0, "SIMPLE  ="sv, "a FITS file", kSave},
    {0, "SQLite format 3"sv, "an SQLite database", kNoTensors},
};

bool has(std::string_view file, std::size_t at, std::string_view bytes) {
  return file.size() >= at && file.substr(at, bytes.size()) == bytes;
}

// The length of the header in 8 bytes, little-endian, and a JSON object.
bool is_safetensors(std::string_view file) {
  if (file.size() < 10 || file[8] != '{') return false;
  std::uint64_t size = 0;
  for (std::size_t i = 8; i-- > 0;) {
    size = size << 8 | static_cast<unsigned char>(file[i]);
  }
  // A damaged length is still better blamed on the header than on the kind.
  return size <= file.size() - 8 || file[9] == '"';
}

// Whether no byte of the beginning is a control character.
bool is_text(std::string_view file) {
  const std::string_view start = file.substr(0, 4096);
  return std::all_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= ' ' && byte != 0x7f) || (byte >= '\t' && byte <= '\r');
  });
}

// Text with commas or tabs that begins with a number or a name, not with JSON.
FileKind text_kind(std::string_view file) {
  const std::string_view line = file.substr(0, file.find('\n'));
  const std::size_t first = line.find_first_not_of(" \t\r");
  const bool json = first != line.npos && line[first] == '{';
  const bool table = line.find_first_of(",\t;") != line.npos;
  if (!json && table) {
    return {FileFormat::text,
            "a table of text, such as CSV; " + std::string(kSave)};
  }
  return {FileFormat::text, "text; " + std::string(kNoTensors)};
}

}  // namespace

FileKind file_kind(std::string_view file) {
  if (has(file, 0, "\x93NUMPY"sv)) return {FileFormat::npy, "a numpy array"};
  if (has(file, 0, "PK\x03\x04"sv) || has(file, 0, "PK\x05\x06"sv)) {
    return {FileFormat::zip, "a ZIP archive"};
  }
  for (const Signature& each : kSignatures) {
    if (has(file, each.at, each.bytes)) {
      return {FileFormat::other,
              std::string(each.what) + "; " + std::string(each.advice)};
    }
  }
  if (is_safetensors(file)) return {FileFormat::safetensors, "safetensors"};
  if (has(file, 0, "\xff\xfe"sv) || has(file, 0, "\xfe\xff"sv)) {
    return {FileFormat::other, "text in UTF-16; expected UTF-8"};
  }
  if (is_text(file)) return text_kind(file);
  return {FileFormat::protobuf, "a file of an unknown kind"};
}

}  // namespace exactbn
