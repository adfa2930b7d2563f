// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "golden/tensor_files/little_endian.h"
#include "golden/tensor_files/zip_archive.h"
#include "oracles/wire/json_line.h"

namespace exactbn {

namespace {

// numpy's own limit.
constexpr std::size_t kMostAxes = 32;

struct Header {
  std::string descr;
  bool structured = false;  // descr is a list of fields
  bool fortran_order = false;
  Shape shape;
};

// The header is a Python dict with the keys descr, fortran_order and shape.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name)
      : text_(text), name_(name) {}

  Header parse() {
    Header header;
    std::set<std::string> keys;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted("a key");
      if (!keys.insert(key).second) refuse(key, "given twice");
      expect(':');
      if (key == "descr") {
        header.structured = peek() == '[' || peek() == '(';
        if (header.structured) return header;  // refused by its type
        header.descr = quoted("descr");
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
      } else {
        refuse(key, "not a key of a .npy header");
      }
      if (!accept(',') && peek() != '}') refuse("header", "expected , or }");
    }
    skip_blanks();
    if (at_ != text_.size()) refuse("header", "rubbish after the }");
    for (const char* key : {"descr", "fortran_order", "shape"}) {
      if (!keys.contains(key)) refuse(key, "missing");
    }
    return header;
  }

 private:
  [[noreturn]] void refuse(const std::string& field, const char* why) const {
    throw TensorFileError(
        fmt::format("{}: {}: {}", name_, wire::brief(field), why));
  }
  void skip_blanks() {
    const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
    at_ = next == text_.npos ? text_.size() : next;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (accept(c)) return;
    throw TensorFileError(
        fmt::format("{}: header: expected {} at byte {}", name_, c, at_));
  }
  std::string quoted(const char* what) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse(what, "expected a string");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) refuse(what, "the string does not end");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return word == "True";
    }
    refuse("fortran_order", "expected True or False");
  }
  Shape tuple() {
    if (!accept('(')) refuse("shape", "expected a tuple");
    Shape shape;
    while (!accept(')')) {
      skip_blanks();
      std::int64_t extent = 0;
      const char* const end = text_.data() + text_.size();
      const auto read = std::from_chars(text_.data() + at_, end, extent);
      if (read.ec != std::errc() || extent < 0) {
        refuse("shape", "expected integers of at least 0, of 63 bits");
      }
      at_ = static_cast<std::size_t>(read.ptr - text_.data());
      accept('L');  // Python 2 wrote 3L
      if (shape.size() == kMostAxes) refuse("shape", "more than 32 extents");
      shape.push_back(extent);
      if (!accept(',') && peek() != ')') refuse("shape", "expected , or )");
    }
    return shape;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

// What numpy's type characters mean, for messages.
std::string meaning(char kind, std::int64_t size) {
  switch (kind) {
    case 'b':
      return "booleans";
    case 'i':
      return fmt::format("integers of {} bits", 8 * size);
    case 'u':
      return fmt::format("unsigned integers of {} bits", 8 * size);
    case 'c':
      return "complex numbers";
    case 'f':
      return fmt::format("floating-point numbers of {} bytes", size);
    case 'S':
    case 'U':
    case 'a':
      return "text";
    case 'O':
      return "pickled objects";
    case 'M':
    case 'm':
      return "times";
    case 'V':
      return fmt::format("{} unnamed bytes", size);
    default:
      return "unknown to numpy";
  }
}

// ml_dtypes' bfloat16 is stored as two unnamed bytes, and its float8_e5m2,
// alone of its formats of 8 bits, as a float of one byte.
std::optional<DType> dtype_of(char kind, std::int64_t size) {
  if (kind == 'f' && size == 8) return DType::f64;
  if (kind == 'f' && size == 4) return DType::f32;
  if (kind == 'f' && size == 2) return DType::f16;
  if (kind == 'f' && size == 1) return DType::f8e5m2;
  if (kind == 'V' && size == 2) return DType::bf16;
  return std::nullopt;
}

struct NumpyType {
  bool big_endian = false;
  bool pickled = false;
};

// Sets the type of `to`.
NumpyType set_type(const Header& header, StoredTensor& to) {
  if (header.structured) {
    to.type = "a structure";
    return {.pickled = true};
  }
  const std::string& descr = header.descr;
  const auto refuse = [&] {
    throw TensorFileError(
        fmt::format("{}: descr: '{}' is not a type of numpy, such as <f4",
                    to.name, wire::brief(descr)));
  };
  const std::size_t at =
      descr.find_first_of("<>|=") == 0 ? std::size_t{1} : std::size_t{0};
  if (descr.size() <= at) refuse();
  const char kind = descr[at];
  std::int64_t size = 0;
  const char* const end = descr.data() + descr.size();
  const auto read = std::from_chars(descr.data() + at + 1, end, size);
  const bool pickled = kind == 'O';
  if (!pickled && (read.ec != std::errc() || size < 0 || size > 1 << 20 ||
                   (read.ptr != end && *read.ptr != '['))) {
    refuse();
  }
  to.type = fmt::format("{} ({})", wire::brief(descr), meaning(kind, size));
  to.dtype = dtype_of(kind, size);
  to.width = kind == 'U' ? 4 * size : size;
  return {descr[0] == '>', pickled};
}

// Each value's bytes in reverse.
void reverse_values(std::string& bytes, std::int64_t width) {
  for (auto at = bytes.begin(); at != bytes.end(); at += width) {
    std::reverse(at, at + width);
  }
}

// From column-major to row-major order.
std::string row_major(std::string_view bytes, const Shape& shape,
                      std::int64_t width) {
  const auto rank = shape.size();
  const std::int64_t count = *count_of(shape);
  std::string result(bytes.size(), '\0');
  Shape at(rank, 0);
  Shape stride(rank, 1);
  for (std::size_t k = 1; k < rank; ++k) {
    stride[k] = stride[k - 1] * shape[k - 1];
  }
  std::int64_t from = 0;
  for (std::int64_t to = 0; to < count; ++to) {
    bytes.copy(result.data() + to * width, static_cast<std::size_t>(width),
               static_cast<std::size_t>(from * width));
    for (std::size_t k = rank; k-- > 0;) {
      from += stride[k];
      if (++at[k] < shape[k]) break;
      from -= stride[k] * shape[k];
      at[k] = 0;
    }
  }
  return result;
}

}  // namespace

StoredTensor read_npy(std::string_view file, std::string name) {
  StoredTensor tensor;
  tensor.name = std::move(name);
  const auto refuse = [&](const std::string& why) {
    throw TensorFileError(tensor.name + ": " + why);
  };
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (file.substr(0, kMagic.size()) != kMagic) refuse("not a .npy file");
  if (file.size() < 10) refuse("header: the file ends too early");
  const auto version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3) {
    refuse(fmt::format("version {} of the format; expected 1 to 3", version));
  }
  const std::size_t width = version == 1 ? 2 : 4;
  const std::size_t start = 8 + width;
  const std::uint64_t size = load_little(file, 8, width);
  if (file.size() < start || size > file.size() - start) {
    refuse(fmt::format("header: {} bytes, but the file ends after {}", size,
                       file.size() - std::min(start, file.size())));
  }
  const Header header =
      HeaderParser(file.substr(start, size), tensor.name).parse();
  const NumpyType type = set_type(header, tensor);
  tensor.shape = header.shape;
  if (type.pickled) return tensor;
  const std::string_view data = file.substr(start + size);
  const std::optional<std::int64_t> count = count_of(tensor.shape);
  std::int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, tensor.width, &bytes)) {
    refuse("shape: " + to_string(tensor.shape) + " has too many values");
  }
  if (bytes != std::ssize(data)) {
    refuse(fmt::format("{} bytes of values, expected {} ({} of {})",
                       data.size(), bytes, to_string(tensor.shape),
                       header.descr));
  }
  const bool columns = header.fortran_order && tensor.shape.size() > 1;
  tensor.bytes =
      columns ? row_major(data, tensor.shape, tensor.width) : std::string(data);
  if (type.big_endian && tensor.width > 1) {
    reverse_values(tensor.bytes, tensor.width);
  }
  return tensor;
}

std::vector<StoredTensor> read_npz(std::string_view file) {
  const ZipArchive archive(file);
  constexpr std::string_view kEnding = ".npy";
  std::vector<StoredTensor> tensors;
  std::set<std::string> names;
  for (const ZipMember& member : archive.members()) {
    std::string name = member.name;
    if (!name.ends_with(kEnding)) throw TensorFileError(archive.what());
    name.resize(name.size() - kEnding.size());
    if (!names.insert(name).second) {
      throw TensorFileError(name + ": given twice");
    }
    tensors.push_back(read_npy(archive.read(member), name));
  }
  if (tensors.empty()) throw TensorFileError("an archive without arrays");
  return tensors;
}

}  // namespace exactbn
