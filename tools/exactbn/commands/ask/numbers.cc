// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/ask/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// The shape of nested brackets: every list of a level has the same length.
class Brackets {
 public:
  explicit Brackets(const std::string& flag) : flag_(flag) {}

  void open() {
    count_item();
    counts_.push_back(0);
    if (counts_.size() > kMostAxes) refuse("brackets are nested too deeply");
  }
  void close() {
    if (counts_.empty()) refuse("a bracket is closed that was not opened");
    const std::size_t level = counts_.size() - 1;
    const std::int64_t count = counts_.back();
    counts_.pop_back();
    if (shape_.size() <= level) shape_.resize(level + 1, -1);
    std::int64_t& extent = shape_[level];
    if (extent >= 0 && extent != count) {
      refuse(fmt::format("a list of {} and a list of {} at the same depth",
                         extent, count));
    }
    extent = count;
  }
  void number() {
    count_item();
    if (depth_ && *depth_ != counts_.size()) {
      refuse("numbers at different depths of brackets");
    }
    depth_ = counts_.size();
  }
  std::optional<Shape> shape() const {
    if (!counts_.empty()) refuse("a bracket is not closed");
    if (shape_.empty()) return std::nullopt;
    if (depth_ != shape_.size()) refuse("an empty list");
    return shape_;
  }

 private:
  static constexpr std::size_t kMostAxes = 5;

  [[noreturn]] void refuse(const std::string& why) const {
    throw UsageError(flag_ + ": " + why);
  }
  void count_item() {
    if (!counts_.empty()) {
      ++counts_.back();
    } else if (!shape_.empty()) {
      refuse("more than one list");
    }
  }

  const std::string& flag_;
  std::vector<std::int64_t> counts_;  // of each open bracket
  Shape shape_;
  std::optional<std::size_t> depth_;  // of every number
};

}  // namespace

TypedNumbers read_numbers(const std::string& flag, const std::string& text) {
  TypedNumbers numbers;
  Brackets brackets(flag);
  constexpr std::string_view kOpen = "[(";
  constexpr std::string_view kClose = "])";
  constexpr std::string_view kBetween = " \t\r\n,";
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (kOpen.find(c) != kOpen.npos) {
      brackets.open();
    } else if (kClose.find(c) != kClose.npos) {
      brackets.close();
    } else if (kBetween.find(c) == kBetween.npos) {
      const std::size_t end =
          std::min(text.find_first_of("[()] \t\r\n,", at), text.size());
      brackets.number();
      numbers.words.push_back(text.substr(at, end - at));
      at = end;
      continue;
    }
    ++at;
  }
  numbers.shape = brackets.shape();
  if (numbers.words.empty()) throw UsageError(flag + ": no numbers");
  return numbers;
}

Tensor tensor_of(const std::string& flag, const std::vector<std::string>& words,
                 DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const std::string& word = words[static_cast<std::size_t>(i) % words.size()];
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (end != word.c_str() + word.size()) {
      throw UsageError(fmt::format(
          "{}: '{}' is not a number such as 1.5, 0x1.8p0, inf or nan", flag,
          word));
    }
    // strtof rounds the decimal itself.
    const std::uint64_t bits = dtype == DType::f32
                                   ? round_to<DType::f32>(static_cast<double>(
                                         std::strtof(word.c_str(), nullptr)))
                                   : round_to(value, dtype);
    const bool named = word.find_first_of("nN") != word.npos;
    if (!is_finite(bits, dtype) && !named) {
      throw UsageError(fmt::format("{}: {} is beyond the range of {}", flag,
                                   word, format(dtype).name));
    }
    tensor.set_bits(i, bits);
  }
  return tensor;
}

std::optional<Shape> parse_shape(const std::string& text) {
  Shape shape;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t extent = 0;
    const auto read = std::from_chars(at, end, extent);
    if (read.ec != std::errc() || extent < 1) break;
    shape.push_back(extent);
    if (read.ptr == end) return shape;
    if (*read.ptr != 'x') break;
    at = read.ptr + 1;
  }
  return std::nullopt;
}

std::string no_shape(const std::string& text) {
  return fmt::format("'{}' is not a shape such as 2x3x5", text);
}

Shape shape_of(const std::string& flag, const std::string& text) {
  if (auto shape = parse_shape(text)) return *shape;
  throw UsageError(fmt::format("{}: {}", flag, no_shape(text)));
}

}  // namespace exactbn
