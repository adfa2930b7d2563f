// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "oracles/judge.h"
#include "properties/number.h"

namespace exactbn {

// A problem that was put to a subject and what came back, as numbers that laws
// calculate with. Each value of the answer is an interval: as wide as the grade
// lets the value be off, so that the right value lies in it wherever the value
// passes. bounds.md has the argument.
class Asked {
 public:
  // The declaration must outlive this object.
  Asked(Problem problem, Answer answer, const Declaration& declaration,
        Grade required);
  // Answered by the definition itself, with exact numbers.
  Asked(Problem problem, const Declaration& declaration);
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  const Problem& problem() const { return problem_; }
  const Answer& answer() const { return answer_; }
  ChannelView view() const { return problem_.view(); }
  std::int64_t m() const { return view().count(); }

  // Whether the output is there.
  bool has(std::string_view output) const;

  // Element i of an output that is there. Unknown where the right value is no
  // number or nothing can be said of it, and where the answer is infinite.
  Number out(std::string_view output, std::int64_t i) const;

  // Element i of an input; one that is absent has `absent` everywhere. Unknown
  // where it is no number.
  Number in(std::string_view input, std::int64_t i, double absent = 0) const;
  Number gamma(std::int64_t c) const { return in("gamma", c, 1); }
  Number beta(std::int64_t c) const { return in("beta", c, 0); }
  Number epsilon() const;
  // The weight of the new statistic times weight_scale().
  Number weight_new() const;
  double weight_scale() const;

  // What is right for a channel: mean and biased variance of its batch, and
  // 1 / sqrt(w) of what normalizes. Unknown where the channel is no number.
  Number mean(std::int64_t c) const;
  Number var(std::int64_t c) const;
  Number invstd(std::int64_t c) const;

  const Judge& judge() const;

 private:
  bool says_nothing(std::string_view output, std::int64_t i) const;
  Wide allowed(std::string_view output, std::int64_t i, double got,
               DType dtype) const;
  Number about(const Surd& value) const;

  Problem problem_;
  Answer answer_;
  const Declaration& declaration_;
  Grade required_ = Grade::sequential;
  bool by_definition_ = false;
  mutable std::optional<Judge> judge_;  // made when it is first needed
};

}  // namespace exactbn
