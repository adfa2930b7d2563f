// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "oracles/subject.h"
#include "properties/number.h"

namespace exactbn {

// Whether a bound is surely one, surely void, or a calculation decides.
enum class Bound : std::uint8_t { holds, is_void, open };

// What is known of a channel without exact integers. bounds.md derives it.
struct ChannelEstimate {
  // As ExactBatchNorm::is_number, which this decides; nothing else means
  // anything where it is not.
  bool is_number = false;
  // Of the batch (open with frozen statistics), and of what normalizes: they
  // stand for what Asked says of them.
  Number mean = Number::open();
  Number var = Number::open();
  Number invstd = Number::open();
  Number deviation = Number::open();  // 1 / invstd
  // As Judge::bound_is_void, for outputs that are divided by sqrt(w).
  Bound through_w = Bound::open;
};

// Of every channel of a problem, which is valid.
std::vector<ChannelEstimate> estimate_channels(const Problem& problem,
                                               const Declaration& declaration);

// The bits that a number rounds to which is within doubt() of mid(), where they
// are the same for all of them. For f64 and f32.
std::optional<std::uint64_t> surely_rounded(const Number& number, DType dtype);

// Whether f64, or f32, surely does not hold a number that is within doubt() of
// mid().
bool surely_not_held(const Number& number, DType dtype);

}  // namespace exactbn
