// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/smallest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "properties/shrink.h"
#include "tools/exactbn/report/counterexample_text.h"

namespace exactbn {

namespace {

// Each attempt on a larger case takes too long.
constexpr std::int64_t kMostValues = 16384;
constexpr ShrinkLimit kLimit = {500, std::chrono::seconds(5)};

// The output that fails; null if the failure is not a wrong value.
const OutputVerdict* failed_output(const CaseVerdict& verdict) {
  for (const OutputVerdict& out : verdict.outputs) {
    if (out.verdict == Verdict::failed) return &out;
  }
  return nullptr;
}

// The smallest unexplained failure of each operation and format.
std::vector<const CaseRun*> unexplained(const Run& run) {
  std::map<std::pair<Operation, DType>, const CaseRun*> least;
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::failed || c.broke || c.known) continue;
    const OutputVerdict* const out = failed_output(c.verdict);
    if (!out || explanation_of(run, c)) continue;
    if (formula_of(run, c, out->output)) continue;
    const Problem& problem = c.question->problem;
    // The subject would read the momentum of another question otherwise.
    if (!run.others.empty() && traits(out->output).updates) continue;
    if (value_count(problem) > kMostValues) continue;
    const CaseRun*& known = least[{problem.operation, problem.x().dtype()}];
    if (!known ||
        value_count(problem) < value_count(known->question->problem)) {
      known = &c;
    }
  }
  std::vector<const CaseRun*> all;
  all.reserve(least.size());
  for (const auto& [key, c] : least) all.push_back(c);
  return all;
}

// Tells whether the subject's answer to a problem fails in the same output.
class SameFailure {
 public:
  SameFailure(Subject& subject, const Run& run, Output output)
      : subject_(subject), run_(run), output_(output) {}

  bool operator()(const Problem& problem) {
    if (!may_be_asked(run_.declaration, problem)) return false;
    const Case question = {"smallest", problem, {}};
    answer_ = subject_.answer(question);
    const CaseVerdict verdict =
        check(question, run_.declaration, answer_, run_.required);
    return std::any_of(verdict.outputs.begin(), verdict.outputs.end(),
                       [this](const OutputVerdict& out) {
                         return out.output == output_ &&
                                out.verdict == Verdict::failed;
                       });
  }

  const Answer& answer() const { return answer_; }

 private:
  Subject& subject_;
  const Run& run_;
  Output output_;
  Answer answer_;
};

}  // namespace

std::vector<SmallestFailure> smallest_failures(Subject& subject,
                                               const Run& run) {
  std::vector<SmallestFailure> all;
  for (const CaseRun* c : unexplained(run)) {
    const Output output = failed_output(c->verdict)->output;
    SameFailure fails(subject, run, output);
    try {
      const Problem& problem = c->question->problem;
      // A failure that does not repeat cannot be shrunk.
      if (!fails(problem)) continue;
      const Shrunk shrunk = shrink(problem, std::ref(fails), kLimit);
      if (!fails(shrunk.problem)) continue;
      all.push_back({c->question->id, output, shrunk.problem, fails.answer(),
                     shrunk.evaluations});
    } catch (const SubjectFailure&) {
      break;
    }
  }
  return all;
}

Case case_of(const SmallestFailure& smallest) {
  return {"smallest-of-" + smallest.from, smallest.problem, {}};
}

std::string smallest_text(const SmallestFailure& smallest) {
  const std::int64_t values = value_count(smallest.problem);
  return fmt::format("SMALLEST {} {}   {} is wrong   {} value{}, of {}\n",
                     to_string(smallest.problem.operation),
                     format(smallest.problem.x().dtype()).name, smallest.output,
                     values, values == 1 ? "" : "s", printable(smallest.from)) +
         problem_text(smallest.problem, smallest.answer, Paste::no);
}

}  // namespace exactbn
