// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/ordinary.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "oracles/check/fast_check.h"
#include "oracles/judge/domain.h"

namespace exactbn {

namespace {

// Calls `check` for each run of channels that all are, or are not, in `in`.
template <class Check>
void for_each_run(const std::vector<bool>& in, bool wanted, Check check) {
  const auto count = static_cast<std::int64_t>(in.size());
  for (std::int64_t first = 0; first < count;) {
    std::int64_t end = first;
    while (end < count && in[static_cast<std::size_t>(end)] == wanted) ++end;
    if (end > first) check(Channels{first, end - first});
    first = std::max(end, first + 1);
  }
}

}  // namespace

void check_channels(const Judge& judge, const Tensor& got, Grade required,
                    const Channels& channels, OutputVerdict& out) {
  for (std::int64_t c = channels.first; c < channels.first + channels.count;
       ++c) {
    const Judgement j = judge(out.output, c, got.bits(c), got.dtype());
    add(out, {c, got.bits(c), j}, required, c);
  }
}

void judge_ordinary(const Problem& problem, const Judge& judge,
                    const Tensor& got, Grade required, Filter filter,
                    OutputVerdict& out) {
  std::vector<bool> wanted(out.failed_in_channel.size(), true);
  // The verdict on the wanted channels, or on all others.
  const auto verdict_on = [&](bool those, Grade grade) {
    if (shaped_like_x(out.output)) {
      FastCheck values(problem, judge, nullptr, out.output, got, grade, filter);
      for_each_run(wanted, those,
                   [&](const Channels& run) { values.check(run); });
      return values.finish();
    }
    OutputVerdict values =
        empty_verdict(problem, judge, out.output, got.dtype(), grade);
    for_each_run(wanted, those, [&](const Channels& run) {
      check_channels(judge, got, grade, run, values);
    });
    return values;
  };
  const bool failed = out.verdict == Verdict::failed;
  const std::vector<std::int64_t> bad =
      failed ? out.failed_in_channel
             : verdict_on(true, Grade::stable).failed_in_channel;
  std::string why;
  for (std::size_t c = 0; c < bad.size(); ++c) {
    if (bad[c] == 0) continue;
    std::string reason =
        why_extreme(judge, out.output, static_cast<std::int64_t>(c));
    wanted[c] = reason.empty();
    if (why.empty()) why = std::move(reason);
  }
  if (why.empty()) return;
  OutputVerdict others = verdict_on(true, required);
  if (failed) {
    others.beyond.push_back(verdict_on(false, required));
    others.verdict = std::max(others.verdict, Verdict::beyond);
    others.why_beyond = std::move(why);
  }
  out = std::move(others);
}

}  // namespace exactbn
