// SPDX-License-Identifier: Apache-2.0
#include "properties/counterexample.h"

#include "properties/law/answer_difference.h"
#include "properties/survey/ask_oracle.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Checks one law alone on a problem.
class Reproducer {
 public:
  Reproducer(const Source& source, const Request& request, std::string law)
      : source_(source), request_(request), law_(std::move(law)) {
    subject_ = source_.subject();
    declaration_ = subject_->declaration();
  }

  std::optional<Violation> operator()(const Problem& problem) {
    const StandardEnvironment environment;
    std::optional<Violation> violation;
    if (is_stopped(request_) || !may_be_asked(declaration_, problem)) {
      return violation;
    }
    try {
      if (source_.in_process) subject_ = source_.subject();
      Trial trial(*subject_, declaration_, problem, request_.required,
                  request_.filter);
      if (law_ == kOracle) {
        ask_oracle(trial, request_, violation);
      } else if (const Law* law = find_law(law_)) {
        if (trial.base().answer().kind != Answer::Kind::outputs) return {};
        if (source_.in_process) {
          // As in the survey: each law gets a new subject.
          subject_ = source_.subject();
          trial.use(*subject_);
        }
        check(*law, trial, violation);
        if (violation && is_beyond(*violation, declaration_)) return {};
      }
      answer_ = trial.base().answer();
    } catch (const SubjectFailure& failure) {
      if (law_ == kAnswers) {
        violation = refusal(kAnswers, problem, failure.what());
      }
    } catch (const RunStopped&) {
      return std::nullopt;
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

std::optional<Shrunk> shrink_differing(const Source& source,
                                       const Request& request,
                                       const Differing& differing,
                                       const ShrinkLimit& limit) try {
  const StandardEnvironment environment;
  const std::unique_ptr<Subject> subject = source.subject();
  const auto differs = [&](const Problem& problem) {
    const StandardEnvironment within;
    if (is_stopped(request) || !may_be_asked(subject->declaration(), problem)) {
      return false;
    }
    const Case question = {"property", problem, {}};
    try {
      return law::differs_again(*subject, question,
                                answer_of(*subject, question));
    } catch (const RunStopped&) {
      return false;
    }
  };
  if (!differs(differing.problem)) return std::nullopt;
  return shrink(differing.problem, differs, limit);
} catch (const RunStopped&) {
  return std::nullopt;
}

namespace {

void shrink(const Source& source, const Request& request,
            const ShrinkLimit& limit, Counterexample& found) {
  Reproducer reproduce(source, request, found.violation.law);
  // In a run that is stopped it is not asked again.
  found.reproduces =
      reproduce(found.problem).has_value() || is_stopped(request);
  if (found.reproduces) {
    Shrunk shrunk = shrink(
        found.problem,
        [&](const Problem& problem) { return reproduce(problem).has_value(); },
        limit);
    found.problem = std::move(shrunk.problem);
    found.evaluations = shrunk.evaluations;
    if (auto violation = reproduce(found.problem)) {
      found.violation = std::move(*violation);
    }
  }
  found.answer = reproduce.answer();
}

}  // namespace

Counterexample shrink_discovery(const Source& source, const Request& request,
                                const Discovery& discovery,
                                const ShrinkLimit& limit) {
  Counterexample found;
  found.discovery = discovery;
  found.problem = discovery.problem;
  found.violation = discovery.violation;
  found.reproduces = true;
  const StandardEnvironment environment;
  try {
    shrink(source, request, limit, found);
  } catch (const RunStopped&) {  // what was found is kept as it is
  }
  return found;
}

}  // namespace exactbn
