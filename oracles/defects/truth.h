// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

// The right answer to a case, and which values pass. Gives the verdicts of
// `check`, but uses exact integers only for values that doubles cannot decide,
// and accepts values with the bits of the right answer at once. Not
// thread-safe.
class Truth {
 public:
  // The arguments must outlive this object. `required` is stable or worse.
  Truth(const Case& c, const Declaration& declaration,
        Grade required = Grade::sequential);

  const Case& question() const { return c_; }
  const OutputTensors& right() const { return right_; }
  RunningVariance divisor() const { return declaration_.running_variance; }

  // Whether the output is compared with a model's: the subject offers it.
  bool is_compared(Output output) const;

  // Whether `check` would fail the value.
  bool fails(Output output, std::int64_t i, std::uint64_t bits, DType dtype);

  // Whether any value of the compared outputs that are present fails.
  bool fails(const OutputTensors& answer);
  bool fails(const OutputTensors::value_type& output);

  // The permitted error of a value beyond the rounding of the result. 0 if the
  // right answer is not a number.
  Wide tolerance(Output output, std::int64_t i);

  // Whether any value is in an extreme channel (judge/domain.h).
  bool is_extreme();

  // The indices of the values that fail, in order.
  std::vector<std::int64_t> failing(Output output, const Tensor& got);

 private:
  // The limits of an output.
  struct Limits {
    std::vector<Wide> tolerance;
    std::vector<char> bounded;  // by channel
  };
  const Limits& limits_of(Output output);
  // The same in every domain.
  bool is_wrong(Output output, std::int64_t i, std::uint64_t bits, DType dtype);
  bool is_extreme(Output output, std::int64_t channel);
  Judge& judge();

  const Case& c_;
  const Declaration& declaration_;
  Grade required_;
  ChannelView view_;
  OutputTensors right_;
  std::optional<Judge> judge_;  // made when a value first needs it
  std::map<Output, Limits> limits_;
  std::map<std::pair<Output, std::int64_t>, bool> extreme_;
};

// Whether a case distinguishes a wrong answer from a right one: whether `check`
// would fail it under the declaration of DefectSubject. It is faster: it skips
// values that equal the right answer and stops at the first failure.
class Kill {
 public:
  // The case must outlive this object.
  explicit Kill(const Case& c);
  // Safe to call from many threads.
  bool operator()(const Answer& answer, Domain domain = Domain::ordinary) const;

 private:
  Declaration declaration_;
  Judge judge_;
  OutputTensors right_;
};

}  // namespace exactbn
