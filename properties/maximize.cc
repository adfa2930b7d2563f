// SPDX-License-Identifier: Apache-2.0
#include "properties/maximize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "oracles/format_names.h"
#include "oracles/momentum.h"
#include "properties/maximize/mutation.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// The operations that produce the output.
std::vector<Operation> operations_with(Output output) {
  std::vector<Operation> all;
  for (const Operation operation : kOperations) {
    if (traits(operation).outputs.contains(output)) all.push_back(operation);
  }
  return all;
}

// A problem and the largest error measured in its answer.
struct Candidate {
  Problem problem;
  Answer answer;
  std::int64_t index = 0;
  double value = -1;
  bool broke = false;
};

// For one thread.
class Measurer {
 public:
  Measurer(const Source& source, const Declaration& declaration,
           const Goal& goal, Subject* shared)
      : source_(source),
        declaration_(declaration),
        goal_(goal),
        shared_(shared) {}

  Candidate operator()(Problem problem) {
    Candidate found;
    Case c = {"property", std::move(problem), {}};
    try {
      if (is_asked(c.problem)) measure(c, found);
    } catch (const SubjectFailure&) {
      found.broke = true;
    }
    found.problem = std::move(c.problem);
    return found;
  }

 private:
  bool is_asked(const Problem& problem) const {
    return may_be_asked(declaration_, problem) &&
           output_names(problem).contains(goal_.output);
  }

  void measure(const Case& c, Candidate& found) {
    if (!shared_) own_ = source_.subject();
    Subject& subject = shared_ ? *shared_ : *own_;
    found.answer = answer_of(subject, c);
    const auto got = found.answer.outputs.find(goal_.output);
    if (found.answer.kind != Answer::Kind::outputs ||
        got == found.answer.outputs.end()) {
      return;
    }
    const Tensor& tensor = got->second;
    const Judge judge(c.problem, declaration_);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const Judgement j =
          judge(goal_.output, i, tensor.bits(i), tensor.dtype());
      const double value =
          goal_.measure == Goal::Measure::eta ? j.eta : std::fabs(j.ulp);
      if (!j.decided || !std::isfinite(value) || value <= found.value) continue;
      found.value = value;
      found.index = i;
    }
  }

  const Source& source_;
  const Declaration& declaration_;
  const Goal& goal_;
  Subject* shared_;
  std::unique_ptr<Subject> own_;
};

// The search. The candidates of a round depend only on earlier rounds, not on
// the number of threads.
class HillClimb {
 public:
  HillClimb(const Source& source, const Request& request, const Goal& goal)
      : source_(source),
        request_(request),
        goal_(goal),
        first_(source.subject()) {
    maximum_.declaration = first_->declaration();
    auto& operations = request_.draw.operations;
    const auto able = operations_with(goal.output);
    if (operations.empty()) operations = able;
    std::erase_if(operations, [&](Operation operation) {
      return std::find(able.begin(), able.end(), operation) == able.end();
    });
    if (operations.empty()) operations = able;
  }

  Maximum run() {
    while (!is_over(3)) {
      round([&](std::uint64_t k) {
        return draw_case(request_.draw, request_.seed,
                         request_.first + maximum_.tried + k)
            .problem;
      });
    }
    maximum_.drawn = best_.empty() ? -1 : best_[0].value;
    while (!best_.empty() && !is_over(1)) {
      const double before = best_[0].value;
      round([&](std::uint64_t k) {
        Draw of_seed(request_.seed + 1);
        Draw draw(Draw(of_seed.bits() ^ (maximum_.tried + k)).bits());
        constexpr std::int64_t kMostValues = 256;
        return mutated(draw, best_[k % best_.size()].problem, kMostValues);
      });
      maximum_.improvements += best_[0].value > before ? 1 : 0;
    }
    if (!best_.empty()) {
      maximum_.problem = std::move(best_[0].problem);
      maximum_.answer = std::move(best_[0].answer);
      maximum_.index = best_[0].index;
      maximum_.value = best_[0].value;
    }
    return std::move(maximum_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Whether 1 / parts of the cases, or of the time, is used up.
  bool is_over(std::uint64_t parts) {
    maximum_.interrupted = is_stopped(request_);
    if (maximum_.interrupted || maximum_.broke) return true;
    if (request_.time) {
      return Clock::now() >=
             begin_ + *request_.time / static_cast<std::int64_t>(parts);
    }
    return maximum_.tried >= request_.cases / parts;
  }

  template <class Make>
  void round(const Make& make) {
    constexpr std::uint64_t kRound = 64;
    std::uint64_t size = kRound;
    if (!request_.time) {
      size = std::min(size, request_.cases - maximum_.tried);
    }
    std::vector<Candidate> found(size);
    std::vector<char> tried(size);
    parallel_for(
        {static_cast<std::int64_t>(size), source_.in_process},
        [&] {
          return Measurer(source_, maximum_.declaration, goal_,
                          source_.in_process ? nullptr : first_.get());
        },
        [&](std::int64_t i, Measurer& measure) {
          const auto k = static_cast<std::uint64_t>(i);
          if (is_stopped(request_)) return;
          try {
            found[k] = measure(as_asked(make(k), maximum_.declaration));
            tried[k] = 1;
          } catch (const RunStopped&) {  // the others are not asked either
          }
        });
    maximum_.tried +=
        static_cast<std::uint64_t>(std::count(tried.begin(), tried.end(), 1));
    keep(found);
    if (request_.progress) request_.progress(maximum_.tried, 0);
  }

  // Keeps the worst few; ties keep the earlier candidate.
  void keep(std::vector<Candidate>& found) {
    constexpr std::size_t kKept = 8;
    for (Candidate& each : found) {
      breaks_ += each.broke ? 1 : 0;
      if (each.value >= 0) best_.push_back(std::move(each));
    }
    constexpr int kMostBreaks = 3;
    maximum_.broke = breaks_ >= kMostBreaks;
    std::stable_sort(best_.begin(), best_.end(),
                     [](const Candidate& a, const Candidate& b) {
                       return a.value > b.value;
                     });
    if (best_.size() > kKept) best_.resize(kKept);
  }

  const Source& source_;
  Request request_;
  const Goal& goal_;
  std::unique_ptr<Subject> first_;
  Clock::time_point begin_ = Clock::now();
  std::vector<Candidate> best_;
  int breaks_ = 0;
  Maximum maximum_;
};

}  // namespace

std::string to_string(const Goal& goal) {
  return fmt::format("{}.{}", goal.output,
                     goal.measure == Goal::Measure::eta ? "eta" : "ulp");
}

std::variant<Goal, std::string> parse_goal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view name = text.substr(0, dot);
  const std::optional<Output> output = parse_output(name);
  const std::string_view measure =
      dot == text.npos ? std::string_view() : text.substr(dot + 1);
  if (!output || operations_with(*output).empty()) {
    return fmt::format(
        "unknown output '{}'; expected mean, var, invstd, y, running_mean, "
        "running_var, dbeta, dgamma, dx, y_dot, grad_dy, grad_gamma, grad_x",
        name);
  }
  if (measure != "eta" && measure != "ulp") {
    return fmt::format(
        "unknown measure '{}'; expected eta or ulp, as in {}.eta", measure,
        name);
  }
  return Goal{*output,
              measure == "eta" ? Goal::Measure::eta : Goal::Measure::ulp};
}

Maximum maximize(const Source& source, const Request& request,
                 const Goal& goal) {
  const StandardEnvironment environment;
  return HillClimb(source, request, goal).run();
}

}  // namespace exactbn
