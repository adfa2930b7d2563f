// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// Memory that outlives calls: the next call finds other values at the same
// addresses, as a kernel in a training loop does. What depends on the address
// of a tensor instead of its values shows.
class KeptBuffers {
 public:
  static constexpr std::align_val_t kBoundary{64};

  // The buffer of tensor number `tensor` of a question, in an arrangement
  // (Surroundings::kept), with room for so many bytes. Its address is that of
  // the call before unless it never had as much room. In another arrangement
  // the tensor has the buffer of another one.
  std::byte* at(std::size_t tensor, int arrangement, std::size_t bytes) {
    const std::size_t turned =
        (tensor % kCount + static_cast<std::size_t>(arrangement)) % kCount;
    const std::size_t k = tensor / kCount * kCount + turned;
    if (k >= buffers_.size()) buffers_.resize(k + 1);
    Buffer& buffer = buffers_[k];
    if (bytes > buffer.room) {
      const std::size_t room = bytes > kLeast ? bytes : kLeast;
      buffer.memory.reset();
      buffer.memory.reset(
          static_cast<std::byte*>(::operator new(room, kBoundary)));
      buffer.room = room;
    }
    return buffer.memory.get();
  }

  // The problem with its inputs in these buffers, which may be written to, and
  // must outlive it.
  Problem hold(const Problem& problem, int arrangement) {
    Problem held = problem;
    std::size_t tensor_number = 0;
    for (auto& [name, tensor] : held.inputs) {
      const std::span<const std::byte> bytes = tensor.bytes();
      std::byte* const memory = at(tensor_number++, arrangement, bytes.size());
      std::memcpy(memory, bytes.data(), bytes.size());
      tensor = Tensor::borrowed(tensor.dtype(), tensor.shape(), memory);
    }
    return held;
  }

 private:
  // As many as an operation has inputs and outputs, and one more, so that every
  // tensor comes to every buffer.
  static constexpr std::size_t kCount = 13;
  // So that small questions do not move each other's tensors.
  static constexpr std::size_t kLeast = std::size_t{1} << 16;

  struct Free {
    void operator()(std::byte* memory) const {
      ::operator delete(memory, kBoundary);
    }
  };
  struct Buffer {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t room = 0;
  };
  std::vector<Buffer> buffers_;
};

}  // namespace exactbn
