// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

// One value, judged.
struct Finding {
  std::int64_t index = 0;
  std::uint64_t got = 0;
  Judgement judgement;

  bool operator==(const Finding& other) const = default;
};

// What comes of a value.
Verdict verdict_of(const Judgement& j, Grade required);

// What is found of one output.
struct OutputVerdict {
  Output output;
  Verdict verdict = Verdict::passed;
  DType dtype = DType::f32;
  Grade grade = Grade::correct;  // of the decided values
  double max_ulp = 0;            // magnitudes, over the decided values
  double max_eta = 0;
  double limit = 0;  // the eta that passes
  Finding worst;     // of the failed values, or else of all decided ones
  std::int64_t failed_values = 0;
  std::int64_t undecided_values = 0;
  std::vector<std::int64_t> failed_in_channel;  // how many

  bool operator==(const OutputVerdict& other) const = default;
};

// Of no value yet.
OutputVerdict empty_verdict(const Problem& problem, const Judge& judge,
                            Output output, DType dtype, Grade required);

// Adds a value. In any order: of values that are equally bad the first counts.
void add(OutputVerdict& out, const Finding& finding, Grade required,
         std::int64_t channel);

// Adds values that fail, and of which none is worse than all that were added.
void add_failed(OutputVerdict& out, std::int64_t count, std::int64_t channel);

// Adds what was found of other values of the output.
void merge(OutputVerdict& out, const OutputVerdict& other);

}  // namespace exactbn
