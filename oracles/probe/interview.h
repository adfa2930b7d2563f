// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "oracles/probe/question.h"

namespace exactbn::probing {

// Asks a subject one question after another, and finds once which encodings of
// them it accepts.
class Interview {
 public:
  // The subject must outlive this object.
  explicit Interview(Subject& subject) : subject_(subject) {}

  const Declaration& declaration() const { return subject_.declaration(); }

  // The subject's answer. If its declaration does not cover the problem, the
  // subject is not asked and the answer is `unsupported`. Throws
  // SubjectFailure.
  Answer ask(const Problem& problem);
  Answer ask(const Question& question, const Encoding& encoding) {
    return ask(problem_of(question, encoding));
  }

  // The first encoding in which the subject answers an ordinary question of the
  // operation with outputs: f32 before other formats, rank 2 before others.
  // Null if there is none. With `dtype`, the same for x of that format. Throws
  // SubjectFailure if the subject broke over it, without asking again.
  const Encoding* encoding(Operation operation);
  const Encoding* encoding(Operation operation, DType dtype);

  // Whether there is an encoding; false if the subject broke.
  bool does(Operation operation);

  // Why there is no encoding: the subject's last answer.
  const std::string& refusal(Operation operation) const;

  // The first of these operations that the subject answers, if any.
  std::optional<Operation> first_of(std::initializer_list<Operation> these);

  int breaks() const { return breaks_; }

 private:
  std::optional<Encoding> find_encoding(Operation operation, DType dtype,
                                        const Encoding* like);

  Subject& subject_;
  std::map<Operation, std::optional<Encoding>> encodings_;
  std::map<std::pair<Operation, DType>, std::optional<Encoding>> of_dtype_;
  std::map<Operation, std::string> refusals_;
  std::map<Operation, std::string> failures_;
  int asked_ = 0;
  int breaks_ = 0;
};

}  // namespace exactbn::probing
