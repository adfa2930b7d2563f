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
  std::vector<bool> extreme(out.failed_in_channel.size());
  std::string why;
  for (std::size_t c = 0; c < extreme.size(); ++c) {
    if (out.failed_in_channel[c] == 0) continue;
    std::string reason =
        why_extreme(judge, out.output, static_cast<std::int64_t>(c));
    extreme[c] = !reason.empty();
    if (why.empty()) why = std::move(reason);
  }
  if (why.empty()) return;
  const auto verdict_on = [&](bool wanted) {
    if (shaped_like_x(out.output)) {
      FastCheck values(problem, judge, nullptr, out.output, got, required,
                       filter);
      for_each_run(extreme, wanted,
                   [&](const Channels& run) { values.check(run); });
      return values.finish();
    }
    OutputVerdict values =
        empty_verdict(problem, judge, out.output, got.dtype(), required);
    for_each_run(extreme, wanted, [&](const Channels& run) {
      check_channels(judge, got, required, run, values);
    });
    return values;
  };
  OutputVerdict beyond = verdict_on(true);
  out = verdict_on(false);
  out.verdict = std::max(out.verdict, Verdict::beyond);
  out.why_beyond = std::move(why);
  out.beyond.push_back(std::move(beyond));
}

}  // namespace exactbn
