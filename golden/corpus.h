// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "golden/suite.h"
#include "golden/suite/builder.h"

namespace exactbn {

// A case, and a sentence on what it tests.
struct CommentedCase {
  Case question;
  std::string comment;
};

// The cases of the shipped vectors: small ones of every operation in f64, f32,
// f16 and bf16, and input that must be refused. The same seed gives the same
// cases on every machine.
std::vector<CommentedCase> corpus(std::uint64_t seed = kCoreSeed);

// The cases of a suite, commented with what their first label exposes.
std::vector<CommentedCase> commented(std::vector<Case> cases);

// Collects cases, each once.
class Corpus {
 public:
  explicit Corpus(std::uint64_t seed) : suite_(seed), seed_(seed) {}

  // The ordinary data that cases start from.
  Problem draw(std::string_view label, Operation operation, DType dtype,
               const Shape& shape, int channel_axis = 1) const {
    return suite_.draw(label, operation, dtype, shape, channel_axis);
  }
  std::uint64_t seed() const { return seed_; }

  // The problem may be invalid: then it must be refused.
  void add(Problem problem, std::string comment,
           std::initializer_list<std::string> labels);
  void add(CommentedCase question);

  std::vector<CommentedCase> take() { return std::move(cases_); }

 private:
  suite::Suite suite_;
  std::uint64_t seed_;
  std::vector<CommentedCase> cases_;
  std::set<std::string, std::less<>> ids_;
};

// The families of cases, each in a file of corpus/.
void add_layouts(Corpus& corpus);
void add_ladders(Corpus& corpus);
void add_known_answers(Corpus& corpus);
void add_midpoints(Corpus& corpus);
void add_knife_edges(Corpus& corpus);
void add_running_steps(Corpus& corpus);
void add_unequal_shards(Corpus& corpus);
void add_edges(Corpus& corpus);
void add_refusals(Corpus& corpus);

}  // namespace exactbn
