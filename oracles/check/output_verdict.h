// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

// One value and its judgement.
struct Finding {
  std::int64_t index = 0;
  std::uint64_t got = 0;
  Judgement judgement;

  bool operator==(const Finding& other) const = default;
};

// The verdict on one value.
Verdict verdict_of(const Judgement& j, Grade required);

// The verdict on one output.
struct OutputVerdict {
  Output output;
  Verdict verdict = Verdict::passed;
  DType dtype = DType::f32;
  Grade grade = Grade::correct;  // of the decided values
  double max_ulp = 0;            // magnitudes, over the decided values
  double max_eta = 0;
  double limit = 0;  // the largest eta that passes
  Finding worst;  // of the failed values, or of all decided ones if none failed
  std::int64_t failed_values = 0;
  std::int64_t undecided_values = 0;
  std::vector<std::int64_t> failed_in_channel;  // a count per channel, or none
  // Of a verdict on the ordinary domain: the verdict on the extreme channels
  // where values are wrong, or nothing, and why the first of them is extreme.
  std::vector<OutputVerdict> beyond;
  std::string why_beyond;

  bool operator==(const OutputVerdict& other) const = default;
};

// The verdict on no values, without counts per channel.
OutputVerdict verdict_on_no_channel(const Judge& judge, Output output,
                                    DType dtype, Grade required);

// The verdict on no values.
OutputVerdict empty_verdict(const Problem& problem, const Judge& judge,
                            Output output, DType dtype, Grade required);

// Adds a value. The order does not matter: among equally bad values the one
// with the lowest index is the worst.
void add(OutputVerdict& out, const Finding& finding, Grade required,
         std::int64_t channel);

// Adds `count` values that fail, none of which is the worst so far.
void add_failed(OutputVerdict& out, std::int64_t count, std::int64_t channel);

// Adds the verdict on other values of the output.
void merge(OutputVerdict& out, const OutputVerdict& other);

}  // namespace exactbn
