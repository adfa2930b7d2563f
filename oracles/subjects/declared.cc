// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/declared.h"

#include <utility>

#include "oracles/momentum.h"

namespace exactbn {

namespace {

class DeclaredSubject : public Subject {
 public:
  DeclaredSubject(std::unique_ptr<Subject> subject, Declaration declaration)
      : subject_(std::move(subject)), declaration_(std::move(declaration)) {}

  const Declaration& declaration() const override { return declaration_; }

  Answer answer(const Case& c) override {
    if (reads_as_meant(c)) return subject_->answer(c);
    const auto sent = as_read(c);
    return sent ? subject_->answer(*sent) : no_complement();
  }

  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override {
    if (reads_as_meant(c)) return subject_->answer_in(surroundings, c);
    const auto sent = as_read(c);
    if (!sent) return no_complement();
    return subject_->answer_in(surroundings, *sent);
  }

  std::string finish() override { return subject_->finish(); }

 private:
  bool reads_as_meant(const Case& c) const {
    return declaration_.momentum == Momentum::weight_of_new ||
           c.problem.operation != Operation::forward_training;
  }

  static std::optional<Case> as_read(const Case& c) {
    auto problem = with_other_momentum(c.problem);
    if (!problem) return std::nullopt;
    return Case{c.id, *std::move(problem), c.labels};
  }

  static Answer no_complement() {
    return {Answer::Kind::unsupported, "no f64 is 1 - momentum", {}};
  }

  std::unique_ptr<Subject> subject_;
  Declaration declaration_;
};

}  // namespace

std::unique_ptr<Subject> declared(std::unique_ptr<Subject> subject,
                                  Declaration declaration) {
  if (declaration.momentum == Momentum::weight_of_new &&
      declaration == subject->declaration()) {
    return subject;
  }
  return std::make_unique<DeclaredSubject>(std::move(subject),
                                           std::move(declaration));
}

}  // namespace exactbn
