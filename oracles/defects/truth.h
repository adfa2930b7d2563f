// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

// Equal but for the sign of a zero and the payload of a NaN.
bool same_value(std::uint64_t a, std::uint64_t b, DType dtype);

// The unit in the last place of a value of a format; the least one for 0.
Wide ulp_of(double value, DType dtype);

// The right answer to a case, and what passes for it. It says what `check`
// says, but asks exact integers only about values that doubles cannot decide;
// and nothing at all of values that have the bits of the right answer. For one
// thread.
class Truth {
 public:
  // The arguments must outlive this object. `required` is stable or worse.
  Truth(const Case& c, const Declaration& declaration,
        Grade required = Grade::sequential);

  const Case& question() const { return c_; }
  const Tensors& right() const { return right_; }
  RunningVariance divisor() const { return declaration_.running_variance; }

  // Whether the output is compared with that of a model: it is offered.
  bool is_compared(std::string_view output) const;

  // Whether `check` calls the value failed.
  bool fails(std::string_view output, std::int64_t i, std::uint64_t bits,
             DType dtype);

  // Whether any value of the compared outputs that are there fails.
  bool fails(const Tensors& answer);

  // The error beyond the rounding of the result that a value may have. 0 where
  // the right answer is no number.
  Wide granted(std::string_view output, std::int64_t i);

  // The indices of the values that fail, in order.
  std::vector<std::int64_t> failing(std::string_view output, const Tensor& got);

 private:
  // What judges an output.
  struct Limits {
    std::vector<Wide> granted;
    std::vector<char> bounded;  // by channel
  };
  const Limits& limits_of(std::string_view output);
  Judge& judge();

  const Case& c_;
  const Declaration& declaration_;
  Grade required_;
  ChannelView view_;
  Tensors right_;
  std::optional<Judge> judge_;  // made when a value first needs it
  std::map<std::string, Limits, std::less<>> limits_;
};

}  // namespace exactbn
