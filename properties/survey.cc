// SPDX-License-Identifier: Apache-2.0
#include "properties/survey.h"

#include <omp.h>

#include <algorithm>

#include "oracles/momentum.h"
#include "properties/shrink.h"
#include "properties/survey/ask_oracle.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// The results of one case.
struct Outcome {
  bool done = false;  // the run was not stopped before
  Verdict verdict = Verdict::passed;
  bool differs = false;
  Trial::Counts counts;
  std::vector<LawResult> results;       // `answers`, the oracle, the laws
  std::vector<std::size_t> other_bits;  // indices into results
  std::vector<Violation> violations;
  Problem problem;  // set if there are violations, or answers differ
};

constexpr std::size_t kAnswersIndex = 0;
constexpr std::size_t kOracleIndex = 1;
constexpr std::size_t kFirstLaw = 2;

LawResult law_result(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return LawResult::held;
    case Verdict::failed:
      return LawResult::broken;
    case Verdict::undecided:
      return LawResult::undecided;
    case Verdict::beyond:
      return LawResult::beyond;
    default:
      return LawResult::not_applicable;
  }
}

// For one thread.
class Checker {
 public:
  Checker(const Source& source, const Request& request,
          const Declaration& declaration, Subject* shared)
      : source_(source),
        request_(request),
        declaration_(declaration),
        shared_(shared) {}

  Outcome operator()(std::uint64_t index) {
    Drawn drawn = draw_case(request_.draw, request_.seed, index);
    drawn.problem = as_asked(std::move(drawn.problem), declaration_);
    Outcome out = checked(drawn.problem);
    for (const Trait& trait : drawn.traits) {
      auto& [first, count] = counts_[{trait.kind.data(), trait.value.data()}];
      first = trait;
      ++count;
    }
    if (!out.violations.empty() || out.differs)
      out.problem = std::move(drawn.problem);
    return out;
  }

  // Adds the traits of the cases checked.
  void count_in(Distribution& distribution) const {
    for (const auto& [key, counted] : counts_) {
      const auto& [trait, count] = counted;
      auto& counts = distribution[std::string(trait.kind)];
      counts[std::string(trait.value)] += count;
    }
  }

 private:
  Outcome checked(const Problem& problem) {
    Outcome out;
    out.results.assign(kFirstLaw + request_.laws.size(),
                       LawResult::not_applicable);
    if (why_unsupported(declaration_, problem)) {
      out.verdict = Verdict::unsupported;
      return out;
    }
    try {
      check_all(problem, out);
    } catch (const SubjectFailure& failure) {
      found(out, kAnswersIndex, refusal(kAnswers, problem, failure.what()));
    }
    return out;
  }

  void check_all(const Problem& problem, Outcome& out) {
    Trial trial(fresh(), declaration_, problem, request_.required,
                request_.filter);
    std::optional<Violation> violation;
    out.results[kAnswersIndex] = LawResult::held;
    if (request_.oracle) {
      out.verdict = ask_oracle(trial, request_, violation);
      out.results[kOracleIndex] = law_result(out.verdict);
      if (violation) found(out, kOracleIndex, std::move(*violation));
    }
    const Answer& answer = trial.base().answer();
    if (answer.kind != Answer::Kind::outputs) {
      if (answer.kind == Answer::Kind::unsupported) {
        out.verdict = Verdict::unsupported;
      }
      return;
    }
    for (std::size_t k = 0; k < request_.laws.size(); ++k) {
      if (!request_.laws[k]->applies(problem)) continue;
      trial.use(fresh());
      out.results[kFirstLaw + k] = check(*request_.laws[k], trial, violation);
      if (trial.has_other_bits()) out.other_bits.push_back(kFirstLaw + k);
      if (trial.differs()) {
        out.differs = true;
        out.verdict = Verdict::failed;
      }
      if (!violation) continue;
      if (is_beyond(*violation, declaration_)) {
        out.results[kFirstLaw + k] = LawResult::beyond;
        out.verdict = std::max(out.verdict, Verdict::beyond);
        continue;
      }
      found(out, kFirstLaw + k, std::move(*violation));
    }
    out.counts = trial.counts();
  }

  static void found(Outcome& out, std::size_t check_index,
                    Violation violation) {
    out.results[check_index] = LawResult::broken;
    out.verdict = Verdict::failed;
    out.violations.push_back(std::move(violation));
  }

  Subject& fresh() {
    if (shared_) return *shared_;
    own_ = source_.subject();
    return *own_;
  }

  const Source& source_;
  const Request& request_;
  const Declaration& declaration_;
  Subject* shared_;
  std::unique_ptr<Subject> own_;
  // Keyed by the addresses of the names, which are static.
  std::map<std::pair<const char*, const char*>, std::pair<Trait, std::uint64_t>>
      counts_;
};

void count(Tally& tally, LawResult result) {
  switch (result) {
    case LawResult::held:
      ++tally.held;
      break;
    case LawResult::broken:
      ++tally.broken;
      break;
    case LawResult::undecided:
      ++tally.undecided;
      break;
    case LawResult::beyond:
      ++tally.beyond;
      break;
    case LawResult::not_applicable:
      ++tally.not_applicable;
      break;
  }
}

void count(Survey& survey, const Outcome& out) {
  switch (out.verdict) {
    case Verdict::passed:
      ++survey.passed;
      break;
    case Verdict::failed:
      ++survey.failed;
      break;
    case Verdict::missing:
      ++survey.missing;
      break;
    case Verdict::undecided:
      ++survey.undecided;
      break;
    case Verdict::beyond:
      ++survey.beyond;
      break;
    case Verdict::unsupported:
      ++survey.unsupported;
      break;
  }
}

void add_differing(Survey& survey, std::uint64_t index,
                   const Problem& problem) {
  ++survey.differing;
  std::optional<Differing>& smallest = survey.smallest_differing;
  if (!smallest || value_count(problem) < value_count(smallest->problem)) {
    smallest = {index, problem};
  }
}

bool breaks_subject(const Violation& violation) {
  return violation.crashed || violation.law == kAnswers;
}

bool is_discovered(const Survey& survey, const std::string& law) {
  return std::any_of(survey.discoveries.begin(), survey.discoveries.end(),
                     [&](const Discovery& discovery) {
                       return discovery.violation.law == law;
                     });
}

// Returns whether the subject broke in a way that is not known.
bool add_violations(Survey& survey, const Request& request, std::uint64_t index,
                    Outcome& out) {
  bool broke = false;
  bool all_known = true;
  for (Violation& violation : out.violations) {
    BrokenLaw broken = {violation.law, out.problem.operation,
                        out.problem.x().dtype()};
    const bool known = request.known.contains(broken);
    survey.broken.insert(std::move(broken));
    if (known) continue;
    all_known = false;
    broke = broke || breaks_subject(violation);
    if (is_discovered(survey, violation.law)) continue;
    survey.discoveries.push_back({index, out.problem, std::move(violation)});
  }
  if (out.differs) {
    BrokenLaw broken = {std::string(kDiffers), out.problem.operation,
                        out.problem.x().dtype()};
    all_known = all_known && request.known.contains(broken);
    survey.broken.insert(std::move(broken));
    add_differing(survey, index, out.problem);
  }
  survey.known += all_known && (!out.violations.empty() || out.differs) ? 1 : 0;
  return broke;
}

// Returns the same.
bool add(Survey& survey, const Request& request, std::uint64_t index,
         Outcome& out) {
  ++survey.done;
  count(survey, out);
  survey.counts.by_filter += out.counts.by_filter;
  survey.counts.by_judge += out.counts.by_judge;
  for (std::size_t k = 0; k < out.results.size(); ++k) {
    count(survey.tallies[k], out.results[k]);
  }
  for (const std::size_t check_index : out.other_bits) {
    ++survey.tallies[check_index].other_bits;
  }
  const bool broke = add_violations(survey, request, index, out);
  survey.broke = survey.broke || broke;
  return broke;
}

std::vector<Tally> empty_tallies(const Request& request) {
  std::vector<Tally> tallies(kFirstLaw + request.laws.size());
  tallies[kAnswersIndex].law = kAnswers;
  tallies[kOracleIndex].law = kOracle;
  for (std::size_t k = 0; k < request.laws.size(); ++k) {
    tallies[kFirstLaw + k].law = request.laws[k]->name;
  }
  return tallies;
}

}  // namespace

Survey survey(const Source& source, const Request& request) {
  const StandardEnvironment environment;
  using Clock = std::chrono::steady_clock;
  constexpr int kMostBreaks = 3;
  // Cases per thread and round: few at first, as few may be enough.
  constexpr std::uint64_t kFew = 8;
  constexpr std::uint64_t kMany = 128;
  const std::unique_ptr<Subject> first = source.subject();
  Survey survey;
  survey.declaration = first->declaration();
  survey.tallies = empty_tallies(request);
  Subject* const shared = source.in_process ? nullptr : first.get();
  const int threads = source.in_process ? omp_get_max_threads() : 1;
  std::uint64_t cases_per_thread = kFew;
  const Clock::time_point end =
      Clock::now() + request.time.value_or(std::chrono::milliseconds(0));
  const auto is_over = [&] {
    survey.interrupted = is_stopped(request);
    return survey.interrupted || (request.time && Clock::now() >= end);
  };
  int breaks = 0;
  std::vector<Outcome> outcomes;
  while (survey.done < request.cases && breaks < kMostBreaks && !is_over()) {
    const std::uint64_t begin = request.first + survey.done;
    const std::uint64_t step =
        source.in_process
            ? cases_per_thread * static_cast<std::uint64_t>(threads)
            : 1;
    cases_per_thread = std::min(kMany, 2 * cases_per_thread);
    outcomes.assign(std::min(step, request.cases - survey.done), {});
    parallel_for(
        {std::ssize(outcomes), source.in_process},
        [&] { return Checker(source, request, survey.declaration, shared); },
        [&](std::int64_t i, Checker& checker) {
          const auto k = static_cast<std::size_t>(i);
          if (is_stopped(request)) return;
          try {
            outcomes[k] = checker(begin + k);
            outcomes[k].done = true;
          } catch (const RunStopped&) {  // the others are not asked either
          }
        },
        [&](const Checker& checker) { checker.count_in(survey.distribution); });
    for (std::size_t k = 0; k < outcomes.size() && outcomes[k].done; ++k) {
      breaks += add(survey, request, begin + k, outcomes[k]) ? 1 : 0;
    }
    if (request.progress) {
      request.progress(survey.done, survey.discoveries.size());
    }
  }
  survey.gave_up = breaks >= kMostBreaks;
  if (shared) survey.at_exit = shared->finish();
  return survey;
}

}  // namespace exactbn
