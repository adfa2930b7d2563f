// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/channel_problem.h"

#include <algorithm>
#include <cstring>

#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// Copies values [begin, end) of a channel. Each may lie in its own cache line,
// so it is prefetched long before it is read.
template <class Word>
void copy_values(const Tensor& from, const ChannelView& view,
                 std::int64_t channel, std::int64_t begin, std::int64_t end,
                 Tensor& to) {
  constexpr std::int64_t kAhead = 48;
  const std::byte* const all = from.bytes().data();
  const auto at = [&](std::int64_t k) {
    return all + view.offset(channel, k) * std::int64_t{sizeof(Word)};
  };
  std::byte* const out = to.bytes().data();
  for (std::int64_t k = begin; k < end; ++k) {
    if (k + kAhead < end) __builtin_prefetch(at(k + kAhead));
    std::memcpy(out + k * std::int64_t{sizeof(Word)}, at(k), sizeof(Word));
  }
}

Tensor values_of(const Tensor& from, const ChannelView& view,
                 std::int64_t channel) {
  constexpr std::int64_t kPart = std::int64_t{1} << 14;
  const std::int64_t m = view.count();
  Tensor to(from.dtype(), {m, 1});
  const int width = format(from.dtype()).width;
  const auto copy = width == 64   ? copy_values<std::uint64_t>
                    : width == 32 ? copy_values<std::uint32_t>
                    : width == 16 ? copy_values<std::uint16_t>
                                  : copy_values<std::uint8_t>;
  parallel_for((m + kPart - 1) / kPart, m > kPart, [&](std::int64_t p) {
    copy(from, view, channel, p * kPart, std::min((p + 1) * kPart, m), to);
  });
  return to;
}

}  // namespace

Problem channel_problem(const Problem& problem, std::int64_t channel) {
  Problem alone;
  alone.operation = problem.operation;
  alone.channel_axis = 1;
  alone.epsilon = problem.epsilon;
  alone.momentum = problem.momentum;
  alone.batches_tracked = problem.batches_tracked;
  for (const auto& [name, tensor] : problem.inputs) {
    if (shaped_like_x(name)) {
      alone.inputs.insert_or_assign(name,
                                    values_of(tensor, problem.view(), channel));
    } else {
      Tensor parameter(tensor.dtype(), {1});
      parameter.set_bits(0, tensor.bits(channel));
      alone.inputs.insert_or_assign(name, std::move(parameter));
    }
  }
  return alone;
}

}  // namespace exactbn
