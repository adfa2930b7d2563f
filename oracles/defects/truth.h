// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

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
  const OutputTensors& right() const { return right_; }
  RunningVariance divisor() const { return declaration_.running_variance; }

  // Whether the output is compared with that of a model: it is offered.
  bool is_compared(Output output) const;

  // Whether `check` calls the value failed.
  bool fails(Output output, std::int64_t i, std::uint64_t bits, DType dtype);

  // Whether any value of the compared outputs that are there fails.
  bool fails(const OutputTensors& answer);
  bool fails(const OutputTensors::value_type& output);

  // The error beyond the rounding of the result that a value may have. 0 where
  // the right answer is no number.
  Wide granted(Output output, std::int64_t i);

  // The indices of the values that fail, in order.
  std::vector<std::int64_t> failing(Output output, const Tensor& got);

 private:
  // What judges an output.
  struct Limits {
    std::vector<Wide> granted;
    std::vector<char> bounded;  // by channel
  };
  const Limits& limits_of(Output output);
  Judge& judge();

  const Case& c_;
  const Declaration& declaration_;
  Grade required_;
  ChannelView view_;
  OutputTensors right_;
  std::optional<Judge> judge_;  // made when a value first needs it
  std::map<Output, Limits> limits_;
};

// Whether a case tells an answer from a right one: whether `check` says failed
// under the declaration of DefectSubject. It takes less time: values that the
// right answer has too are not judged, and one that fails is enough.
class Kill {
 public:
  // The case must outlive this object.
  explicit Kill(const Case& c);
  // Safe to call from many threads.
  bool operator()(const Answer& answer) const;

 private:
  Declaration declaration_;
  Judge judge_;
  OutputTensors right_;
};

}  // namespace exactbn
