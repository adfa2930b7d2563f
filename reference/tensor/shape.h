// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <vector>

namespace exactbn {

// The extents of an array, as a vector has them. As many as a problem may have
// are in the object itself: tensors are copied far more often than they are
// reshaped.
class Shape {
 public:
  using value_type = std::int64_t;
  using iterator = std::int64_t*;
  using const_iterator = const std::int64_t*;

  Shape() = default;
  explicit Shape(std::size_t size, std::int64_t extent = 0) {
    resize(size, extent);
  }
  Shape(std::initializer_list<std::int64_t> extents)
      : Shape(extents.begin(), extents.end()) {}
  template <std::input_iterator Iterator>
  Shape(Iterator first, Iterator last) {
    for (; first != last; ++first) push_back(*first);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::int64_t* data() { return is_short() ? short_.data() : long_.data(); }
  const std::int64_t* data() const {
    return is_short() ? short_.data() : long_.data();
  }
  iterator begin() { return data(); }
  iterator end() { return data() + size_; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + size_; }
  std::int64_t& operator[](std::size_t i) { return data()[i]; }
  const std::int64_t& operator[](std::size_t i) const { return data()[i]; }
  std::int64_t& front() { return *begin(); }
  const std::int64_t& front() const { return *begin(); }
  std::int64_t& back() { return data()[size_ - 1]; }
  const std::int64_t& back() const { return data()[size_ - 1]; }

  void resize(std::size_t size, std::int64_t extent = 0) {
    if (size > kShort) {
      if (is_short()) long_.assign(begin(), end());
      long_.resize(size, extent);
    } else if (is_short()) {
      for (std::size_t i = size_; i < size; ++i) short_[i] = extent;
    } else {
      std::copy_n(long_.begin(), size, short_.begin());
      long_.clear();
    }
    size_ = size;
  }
  void clear() { resize(0); }
  void push_back(std::int64_t extent) { resize(size_ + 1, extent); }
  iterator insert(const_iterator before, std::int64_t extent) {
    const auto at = before - begin();
    push_back(extent);
    std::rotate(begin() + at, end() - 1, end());
    return begin() + at;
  }
  iterator erase(const_iterator which) {
    const auto at = which - begin();
    std::copy(begin() + at + 1, end(), begin() + at);
    resize(size_ - 1);
    return begin() + at;
  }

  bool operator==(const Shape& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  static constexpr std::size_t kShort = 5;

  bool is_short() const { return size_ <= kShort; }

  std::size_t size_ = 0;
  std::array<std::int64_t, kShort> short_ = {};
  std::vector<std::int64_t> long_;  // all of them, where they are more
};

}  // namespace exactbn
