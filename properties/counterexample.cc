// SPDX-License-Identifier: Apache-2.0
#include "properties/counterexample.h"

#include "properties/survey/ask_oracle.h"

namespace exactbn {

namespace {

// What a problem breaks of one law, asked about it alone.
class Repeater {
 public:
  Repeater(const Source& source, const Request& request, std::string law)
      : source_(source), request_(request), law_(std::move(law)) {
    subject_ = source_.make();
    declaration_ = subject_->declaration();
  }

  std::optional<Violation> operator()(const Problem& problem) {
    std::optional<Violation> violation;
    if (!may_be_asked(declaration_, problem)) return violation;
    try {
      if (source_.in_process) subject_ = source_.make();
      Trial trial(*subject_, declaration_, problem, request_.required,
                  request_.filter);
      if (law_ == kOracle) {
        ask_oracle(trial, request_, violation);
      } else if (const Law* law = find_law(law_)) {
        if (trial.base().answer().kind != Answer::Kind::outputs) return {};
        if (source_.in_process) {
          // As in the survey, where each law has a subject of its own.
          subject_ = source_.make();
          trial.use(*subject_);
        }
        check(*law, trial, violation);
      }
      answer_ = trial.base().answer();
    } catch (const SubjectFailure& failure) {
      if (law_ == kAnswers) {
        violation = refusal(kAnswers, problem, failure.what());
      }
    }
    return violation;
  }

  const Answer& answer() const { return answer_; }

 private:
  const Source& source_;
  const Request& request_;
  std::string law_;
  std::unique_ptr<Subject> subject_;
  Declaration declaration_;
  Answer answer_;
};

}  // namespace

Counterexample shrink_discovery(const Source& source, const Request& request,
                                const Discovery& discovery,
                                const ShrinkLimit& limit) {
  Repeater repeat(source, request, discovery.violation.law);
  Counterexample found;
  found.discovery = discovery;
  found.problem = discovery.problem;
  found.violation = discovery.violation;
  found.repeats = repeat(discovery.problem).has_value();
  if (found.repeats) {
    Shrunk shrunk = shrink(
        discovery.problem,
        [&](const Problem& problem) {
          return !(request.interrupted && request.interrupted()) &&
                 repeat(problem).has_value();
        },
        limit);
    found.problem = std::move(shrunk.problem);
    found.evaluations = shrunk.evaluations;
    if (auto violation = repeat(found.problem)) {
      found.violation = std::move(*violation);
    }
  }
  found.answer = repeat.answer();
  return found;
}

}  // namespace exactbn
