// SPDX-License-Identifier: Apache-2.0
#include "properties/maximize.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "oracles/format_names.h"
#include "properties/maximize/mutation.h"

namespace exactbn {

namespace {

// The operations that have the output.
std::vector<Operation> operations_with(Output output) {
  std::vector<Operation> all;
  for (const Operation operation : kOperations) {
    if (traits(operation).outputs.contains(output)) all.push_back(operation);
  }
  return all;
}

// A problem and the largest error that was measured in the answer to it.
struct Found {
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

  Found operator()(Problem problem) {
    Found found;
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

  void measure(const Case& c, Found& found) {
    if (!shared_) own_ = source_.make();
    Subject& subject = shared_ ? *shared_ : *own_;
    found.answer = subject.answer(c);
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

// The search, in rounds of candidates that depend on what came before them
// alone.
class Climb {
 public:
  Climb(const Source& source, const Request& request, const Goal& goal)
      : source_(source), request_(request), goal_(goal), first_(source.make()) {
    record_.declaration = first_->declaration();
    auto& operations = request_.hunt.operations;
    const auto able = operations_with(goal.output);
    if (operations.empty()) operations = able;
    std::erase_if(operations, [&](Operation operation) {
      return std::find(able.begin(), able.end(), operation) == able.end();
    });
    if (operations.empty()) operations = able;
  }

  Record run() {
    while (!is_over(3)) {
      round([&](std::uint64_t k) {
        return draw_case(request_.hunt, request_.seed,
                         request_.first + record_.tried + k)
            .problem;
      });
    }
    record_.drawn = best_.empty() ? -1 : best_[0].value;
    while (!best_.empty() && !is_over(1)) {
      const double before = best_[0].value;
      round([&](std::uint64_t k) {
        Draw of_seed(request_.seed + 1);
        Draw draw(Draw(of_seed.bits() ^ (record_.tried + k)).bits());
        constexpr std::int64_t kMostValues = 256;
        return mutated(draw, best_[k % best_.size()].problem, kMostValues);
      });
      record_.improvements += best_[0].value > before ? 1 : 0;
    }
    if (!best_.empty()) {
      record_.problem = std::move(best_[0].problem);
      record_.answer = std::move(best_[0].answer);
      record_.index = best_[0].index;
      record_.value = best_[0].value;
    }
    return std::move(record_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Whether one part of so many is.
  bool is_over(std::uint64_t parts) {
    record_.interrupted = request_.interrupted && request_.interrupted();
    if (record_.interrupted || record_.broke) return true;
    if (request_.time) {
      return Clock::now() >=
             begin_ + *request_.time / static_cast<std::int64_t>(parts);
    }
    return record_.tried >= request_.cases / parts;
  }

  template <class Make>
  void round(const Make& make) {
    constexpr std::uint64_t kRound = 64;
    std::uint64_t size = kRound;
    if (!request_.time) {
      size = std::min(size, request_.cases - record_.tried);
    }
    std::vector<Found> found(size);
    std::exception_ptr error;
    const int threads = source_.in_process ? omp_get_max_threads() : 1;
#pragma omp parallel num_threads(threads)
    {
      Measurer measure(source_, record_.declaration, goal_,
                       source_.in_process ? nullptr : first_.get());
#pragma omp for schedule(dynamic)
      for (std::uint64_t k = 0; k < size; ++k) {
        try {
          found[k] = measure(make(k));
        } catch (...) {
#pragma omp critical
          error = std::current_exception();
        }
      }
    }
    if (error) std::rethrow_exception(error);
    record_.tried += size;
    keep(found);
    if (request_.progress) request_.progress(record_.tried, 0);
  }

  // The worst few; of equals those that came first.
  void keep(std::vector<Found>& found) {
    constexpr std::size_t kKept = 8;
    for (Found& each : found) {
      breaks_ += each.broke ? 1 : 0;
      if (each.value >= 0) best_.push_back(std::move(each));
    }
    constexpr int kMostBreaks = 3;
    record_.broke = breaks_ >= kMostBreaks;
    std::stable_sort(
        best_.begin(), best_.end(),
        [](const Found& a, const Found& b) { return a.value > b.value; });
    if (best_.size() > kKept) best_.resize(kKept);
  }

  const Source& source_;
  Request request_;
  const Goal& goal_;
  std::unique_ptr<Subject> first_;
  Clock::time_point begin_ = Clock::now();
  std::vector<Found> best_;
  int breaks_ = 0;
  Record record_;
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
        "no output '{}'; known are mean, var, invstd, y, running_mean, "
        "running_var, dbeta, dgamma, dx, y_dot, grad_dy, grad_gamma, grad_x",
        name);
  }
  if (measure != "eta" && measure != "ulp") {
    return fmt::format("no measure '{}'; known are eta, ulp, as in {}.eta",
                       measure, name);
  }
  return Goal{*output,
              measure == "eta" ? Goal::Measure::eta : Goal::Measure::ulp};
}

Record maximize(const Source& source, const Request& request,
                const Goal& goal) {
  return Climb(source, request, goal).run();
}

}  // namespace exactbn
