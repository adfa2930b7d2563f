// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/tensor.h"
#include "reference/tensor/pooled.h"
#include "reference/tensor/same_name.h"

namespace exactbn {

// Tensors by their names in the formulas, x, gamma, beta, dy, running_mean,
// ..., in the order of these: as a map has them, but one after the other in
// memory, as they are few and copied all the time. What is added or erased
// moves those that are behind it. A name must not be changed.
class Tensors {
 public:
  using value_type = std::pair<std::string, Tensor>;

 private:
  // As many as any operation has.
  static constexpr std::size_t kFew = 6;
  using Memory = PooledVector<value_type>;

 public:
  using iterator = Memory::iterator;
  using const_iterator = Memory::const_iterator;

  Tensors() = default;
  Tensors(std::initializer_list<value_type> all) {
    for (const value_type& each : all) emplace(each.first, each.second);
  }
  Tensors(const Tensors& other) {
    reserve(other.size());
    all_ = other.all_;
  }
  Tensors(Tensors&&) noexcept = default;
  Tensors& operator=(const Tensors& other) {
    if (this != &other) *this = Tensors(other);
    return *this;
  }
  Tensors& operator=(Tensors&&) noexcept = default;
  ~Tensors() = default;

  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  iterator begin() { return all_.begin(); }
  iterator end() { return all_.end(); }
  const_iterator begin() const { return all_.begin(); }
  const_iterator end() const { return all_.end(); }

  iterator find(std::string_view name) {
    return begin() + (std::as_const(*this).find(name) - all_.cbegin());
  }
  // From the end: x is there, and is what is asked for most.
  const_iterator find(std::string_view name) const {
    for (auto it = end(); it != begin();) {
      if (same_name((--it)->first, name)) return it;
    }
    return end();
  }
  bool contains(std::string_view name) const { return find(name) != end(); }

  // Throws std::out_of_range where there is none.
  Tensor& at(std::string_view name) {
    return const_cast<Tensor&>(std::as_const(*this).at(name));
  }
  const Tensor& at(std::string_view name) const {
    const const_iterator found = find(name);
    if (found == end()) throw std::out_of_range(std::string(name));
    return found->second;
  }

  // Makes an empty one where there is none.
  Tensor& operator[](std::string_view name) {
    return emplace(name, Tensor()).first->second;
  }
  // Leaves one that is there as it is.
  std::pair<iterator, bool> emplace(std::string_view name, Tensor tensor) {
    // Most come in their order.
    iterator before = end();
    while (before != begin() && !(std::prev(before)->first < name)) --before;
    if (before != end() && same_name(before->first, name)) {
      return {before, false};
    }
    const auto place = before - begin();
    reserve(size() + 1);
    return {all_.emplace(begin() + place, name, std::move(tensor)), true};
  }
  void insert_or_assign(std::string_view name, Tensor tensor) {
    (*this)[name] = std::move(tensor);
  }

  iterator erase(const_iterator which) { return all_.erase(which); }
  std::size_t erase(std::string_view name) {
    const const_iterator found = find(name);
    if (found == end()) return 0;
    erase(found);
    return 1;
  }
  template <class Which>
  friend std::size_t erase_if(Tensors& tensors, Which which) {
    return std::erase_if(tensors.all_, which);
  }

  bool operator==(const Tensors&) const = default;

 private:
  void reserve(std::size_t size) {
    if (size > all_.capacity()) all_.reserve(std::max(size, kFew));
  }

  Memory all_;
};

}  // namespace exactbn
