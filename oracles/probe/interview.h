// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "oracles/probe/question.h"

namespace exactbn {

// A subject that is asked one question after another: which forms of them it
// takes is found out once.
class Interview {
 public:
  // The subject must outlive this object.
  explicit Interview(Subject& subject) : subject_(subject) {}

  const Declaration& declaration() const { return subject_.declaration(); }

  // What the subject answers. It is not asked, and the answer is `unsupported`,
  // where its declaration does not cover the problem. Throws SubjectFailure.
  Answer ask(const Problem& problem);
  Answer ask(const Question& question, const Form& form) {
    return ask(problem_of(question, form));
  }

  // The first form in which it answers an ordinary question of the operation
  // with outputs: f32 before other formats, rank 2 before others. Null where it
  // does in none. With `dtype`, the same for x of that format. Throws
  // SubjectFailure where the subject broke over it, without asking again.
  const Form* form(Operation operation);
  const Form* form(Operation operation, DType dtype);

  // Whether there is a form; not where the subject broke.
  bool does(Operation operation);

  // Why there is no form: what it answered last.
  const std::string& refusal(Operation operation) const;

  // The first of the operations that it does; nothing where it does none.
  std::optional<Operation> first_of(std::initializer_list<Operation> these);

  int breaks() const { return breaks_; }

 private:
  std::optional<Form> find_form(Operation operation, DType dtype,
                                const Form* like);

  Subject& subject_;
  std::map<Operation, std::optional<Form>> forms_;
  std::map<std::pair<Operation, DType>, std::optional<Form>> of_dtype_;
  std::map<Operation, std::string> refusals_;
  std::map<Operation, std::string> failures_;
  int asked_ = 0;
  int breaks_ = 0;
};

}  // namespace exactbn
