// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "reference/floating_point_environment.h"
#include "tools/library/result.h"
#include "tools/library/threads.h"

namespace exactbn {

// An argument is wrong: what() names it, says what it was and what was
// expected.
class InvalidArgument : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Stores the exception that is being handled: its kind and its text.
void store_current_exception(exactbn_result& result) noexcept;

// A new result, which `action` fills; null if no memory is left. No exception
// leaves it. Arithmetic is standard, and the threads are those chosen.
template <class Action>
exactbn_result* new_result(const Action& action) noexcept {
  auto* const result = new (std::nothrow) exactbn_result;
  if (!result) return nullptr;
  try {
    const StandardEnvironment environment;
    const Threads threads;
    action(*result);
  } catch (...) {
    store_current_exception(*result);
  }
  return result;
}

// Throws InvalidArgument if the pointer is null.
void require_given(const void* pointer, const std::string& name);

// The versioned structs begin with their size.
void require_size(std::size_t size, std::size_t expected,
                  const std::string& name);

}  // namespace exactbn
