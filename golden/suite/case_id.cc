// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/case_id.h"

#include <fmt/format.h>

#include <bit>

namespace exactbn {

void Fnv::add(std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    hash_ = (hash_ ^ ((value >> (8 * i)) & 0xff)) * 0x100000001b3;
  }
}

void Fnv::add(std::string_view text) {
  add(text.size());
  for (const char c : text) add(static_cast<unsigned char>(c), 1);
}

namespace {

void add(Fnv& fnv, const Tensor& tensor) {
  const Format f = format(tensor.dtype());
  fnv.add(f.name);
  fnv.add(tensor.shape().size());
  for (const std::int64_t extent : tensor.shape()) {
    fnv.add(static_cast<std::uint64_t>(extent));
  }
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    fnv.add(tensor.bits(i), f.width / 8);
  }
}

}  // namespace

std::uint64_t content_hash(const Problem& problem) {
  Fnv fnv;
  fnv.add(to_string(problem.operation));
  fnv.add(static_cast<std::uint64_t>(problem.channel_axis));
  fnv.add(std::bit_cast<std::uint64_t>(problem.epsilon));
  fnv.add(problem.momentum ? 1 : 0, 1);
  fnv.add(std::bit_cast<std::uint64_t>(problem.momentum.value_or(0)));
  fnv.add(static_cast<std::uint64_t>(problem.batches_tracked));
  for (const auto& [name, tensor] : problem.inputs) {
    fnv.add(to_string(name));
    add(fnv, tensor);
  }
  return fnv.value();
}

std::string case_id(const Problem& problem) {
  const std::uint64_t hash = content_hash(problem);
  return fmt::format("{}-{}-{:08x}", traits(problem.operation).abbreviation,
                     format(problem.x().dtype()).name,
                     static_cast<std::uint32_t>(hash ^ (hash >> 32)));
}

}  // namespace exactbn
