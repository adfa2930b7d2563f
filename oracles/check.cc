// SPDX-License-Identifier: Apache-2.0
#include "oracles/check.h"

#include <omp.h>

#include <algorithm>
#include <list>
#include <optional>

#include "oracles/check/fast_check.h"
#include "oracles/check/ordinary.h"
#include "oracles/output_format.h"
#include "oracles/printable.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// Groups of channels that are summed and checked together, while in cache.
struct Units {
  std::int64_t size;
  std::int64_t count;
};

Units units_of(const ChannelView& view) {
  // If the channel axis is last, a cache line holds values of several channels.
  constexpr std::int64_t kNeighbours = 256;
  const std::int64_t size =
      view.inner == 1 ? std::min(kNeighbours, view.channels) : 1;
  return {size, (view.channels + size - 1) / size};
}

// Whether estimated sums suffice for most channels. Outputs with one value per
// channel need exact sums, which then serve all outputs.
bool is_worth_a_screen(const Problem& problem, const OutputNames& outputs) {
  constexpr std::int64_t kEnough = 1024;  // values per channel
  const bool first_order = problem.operation == Operation::forward_training ||
                           problem.operation == Operation::backward_training;
  return first_order && problem.view().count() >= kEnough &&
         std::all_of(outputs.begin(), outputs.end(),
                     [](Output output) { return shaped_like_x(output); });
}

// Checks the outputs shaped like x.
void check_values(const Problem& problem, const Judge& judge,
                  const Screen* screen, std::list<FastCheck>& outputs) {
  const ChannelView view = problem.view();
  const Units units = units_of(view);
  const auto check_unit = [&](std::int64_t u) {
    const std::int64_t first = u * units.size;
    const Channels channels = {first,
                               std::min(units.size, view.channels - first)};
    if (screen) {
      screen->estimate(channels);
    } else {
      judge.sum(channels);
    }
    for (FastCheck& output : outputs) output.check(channels);
  };
  const bool many = units.count / 2 >= omp_get_max_threads();
  // Either each unit has one thread, or all threads share one unit at a time.
  parallel_for(units.count, many && problem.x().size() > kParallel, check_unit);
}

CaseVerdict check_refusal(const Case& c, const Declaration& declaration,
                          const Answer& answer) {
  CaseVerdict result;
  switch (answer.kind) {
    case Answer::Kind::outputs:
      break;
    case Answer::Kind::unsupported:
      result.verdict = Verdict::unsupported;
      break;
    case Answer::Kind::error:
      result.verdict = Verdict::failed;
      break;
    case Answer::Kind::rejected:
      const bool single = c.problem.view().count() == 1 &&
                          normalizes_by_batch(c.problem.operation) &&
                          declaration.single_value == SingleValue::reject;
      result.verdict = single ? Verdict::passed : Verdict::failed;
      break;
  }
  const std::string_view word = answer.kind == Answer::Kind::error ? "error: "
                                : answer.kind == Answer::Kind::rejected
                                    ? "rejected: "
                                    : "";
  result.reason = std::string(word) + shortened(answer.message);
  return result;
}

}  // namespace

CaseVerdict check(const Case& c, const Declaration& declaration,
                  const Answer& answer, Grade required, Filter filter) {
  const StandardEnvironment environment;
  if (answer.kind != Answer::Kind::outputs) {
    return check_refusal(c, declaration, answer);
  }
  const Judge judge(c.problem, declaration, Judge::OnDemand());
  CaseVerdict result;
  OutputNames names;
  for (const Output name : output_names(c.problem)) {
    if (!offers(declaration, c.problem.operation, name)) continue;
    if (answer.outputs.contains(name)) {
      names.push_back(name);
      continue;
    }
    result.verdict = Verdict::missing;
    result.reason += (result.reason.empty() ? "no " : ", no ");
    result.reason += to_string(name);
  }
  const std::string wrong =
      why_wrong_format(declaration, c.problem, answer.outputs);
  if (!wrong.empty()) {
    result.verdict = Verdict::failed;
    result.reason += (result.reason.empty() ? "" : "; ") + wrong;
  }
  std::optional<Screen> screen;
  if (filter == Filter::on && is_worth_a_screen(c.problem, names)) {
    screen.emplace(c.problem, declaration, judge);
  }
  Screen* const first = screen ? &*screen : nullptr;
  std::list<FastCheck> values;
  for (const Output name : names) {
    if (!shaped_like_x(name)) continue;
    values.emplace_back(c.problem, judge, first, name, answer.outputs.at(name),
                        required, filter);
  }
  check_values(c.problem, judge, first, values);
  for (const Output name : names) {
    const Tensor& got = answer.outputs.at(name);
    if (shaped_like_x(name)) {
      result.outputs.push_back(values.front().finish());
      values.pop_front();
    } else {
      result.outputs.push_back(
          empty_verdict(c.problem, judge, name, got.dtype(), required));
      check_channels(judge, got, required, {0, got.size()},
                     result.outputs.back());
    }
    OutputVerdict& out = result.outputs.back();
    if (declaration.domain == Domain::ordinary &&
        (out.verdict == Verdict::failed || out.grade > Grade::stable)) {
      judge_ordinary(c.problem, judge, got, required, filter, out);
    }
    if (out.worst.index < 0) out.worst = {};  // no value is decided
    result.verdict = std::max(result.verdict, out.verdict);
  }
  if (result.outputs.empty() && result.verdict == Verdict::passed) {
    result.verdict = Verdict::missing;
    result.reason = "the declaration offers no output of this operation";
  }
  return result;
}

}  // namespace exactbn
