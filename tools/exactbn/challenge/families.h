// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/judge/verdict.h"
#include "oracles/subject.h"
#include "reference/draw.h"

namespace exactbn {

// Which format the parameters have where x is shorter than f32.
enum class ParameterFormat : std::uint8_t { f32, as_x };

// What a challenge asks. The grader chooses it, never the subject.
struct ChallengeSettings {
  // Empty: what is declared. Named ones that are not declared get no credit.
  std::vector<Operation> operations;
  std::vector<DType> dtypes;
  std::vector<std::string> families;  // empty: all
  std::uint64_t cases = 16;           // of each family, operation and format
  std::int64_t large = 1 << 18;       // values of a large question
  std::vector<int> ranks = {2, 3, 4, 5};
  ParameterFormat parameters = ParameterFormat::f32;
  Grade required = Grade::sequential;

  bool operator==(const ChallengeSettings&) const = default;
};

// An operation in a format of x: a score of its own.
struct Paper {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f32;
  bool is_declared = true;
};

// What a question is drawn for.
struct Exercise {
  const Paper& paper;
  const ChallengeSettings& settings;
  const Declaration& declaration;
  std::uint64_t seed;   // of the challenge
  std::uint64_t index;  // which case of the family
};

// A kind of questions. A paper gets the weight of a family if every question of
// it passes, else nothing: a kernel that is wrong for one of 16 fresh questions
// of a kind is wrong for the kind, and partial credit would pay for guesses.
struct Family {
  std::string_view name;
  std::string_view what;  // in one line
  int weight;
  bool (*applies)(const Paper& paper, const Declaration& declaration);
  // How many questions a case is, and how many cases there are.
  int parts;
  std::uint64_t (*cases)(const ChallengeSettings& settings);
  // Part of a case. `draw` is fresh for each part. `base` is null for the first
  // one. Later it is the first part; of interleaved parts it is the last one,
  // with the running statistics of the answer.
  Problem (*draw)(Draw& draw, const Exercise& exercise, int part,
                  const Problem* base);
  // Whether other questions come between the parts.
  bool is_interleaved = false;
  // Whether questions are tame by construction, and too large to look.
  bool is_large = false;
};

std::span<const Family> families();

// Null if no family has the name.
const Family* find_family(std::string_view name);

// A stream that these words determine.
Draw stream(std::uint64_t seed, std::string_view words);

}  // namespace exactbn
