// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "reference/problem.h"

namespace exactbn {

// Which infinities some sound order of operations gives where the exact value
// is no number (Exact::Kind::nonfinite). NaN is always among the answers.
// Thread-safe.
class Infinities {
 public:
  // The problem must outlive this object.
  explicit Infinities(const Problem& problem)
      : problem_(problem), view_(problem.view()) {}

  // Whether element i of the output may be the infinity of that sign.
  bool may_be(Output output, std::int64_t i, bool negative) const;

 private:
  // What is not finite among some values, or among the terms of a sum.
  struct Specials {
    bool nan = false;
    bool plus = false;
    bool minus = false;

    void add(double value);
    // Whether their sum may be the infinity of that sign.
    bool sum_to(bool negative) const {
      return !nan && plus != minus && minus == negative;
    }
  };

  Specials of(Input input, std::int64_t c) const;
  Specials found(Input input, std::int64_t c) const;
  bool is_free_of_nan(Output output, std::int64_t c) const;
  Specials of_running(Input old, double batch_weight, Specials batch,
                      std::int64_t c) const;

  const Problem& problem_;
  ChannelView view_;
  // Looked for once: an answer may have as many infinities as values.
  mutable std::mutex mutex_;
  mutable std::map<std::pair<Input, std::int64_t>, Specials> known_;
};

}  // namespace exactbn
