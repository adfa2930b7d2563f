// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/fast_check.h"

#include <omp.h>

#include <algorithm>

#include "oracles/check/worker.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

constexpr std::int64_t kLine = 16;
// With fewer values per channel, the coefficients cost more than they save.
constexpr std::int64_t kFewValues = 8;

}  // namespace

FastCheck::FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
                     Output output, const Tensor& got, Grade required,
                     Filter filter)
    : checked_(checked_output(problem, judge, screen, output, got, required)),
      filter_(filter),
      view_(problem.view()),
      findings_(checked_) {}

// Exact sums are expensive. So the channels with the worst candidates are
// summed first, one per thread; often that rules out all other candidates.
const OutputVerdict& FastCheck::finish() {
  std::vector<Candidate> left = findings_.take_candidates();
  const auto by_index = [](const Candidate& a, const Candidate& b) {
    return a.index < b.index;
  };
  const auto by_ulps = [](const Candidate& a, const Candidate& b) {
    return a.max_ulps < b.max_ulps;
  };
  const auto by_eta = [](const Candidate& a, const Candidate& b) {
    return a.max_eta < b.max_eta;
  };
  // In order of index: among equally bad values the first is reported.
  std::sort(left.begin(), left.end(), by_index);
  for (;;) {
    std::erase_if(
        left, [&](const Candidate& c) { return !findings_.may_be_worst(c); });
    if (left.empty()) return findings_.verdict();
    std::vector<std::int64_t> channels;
    const auto add = [&](const Candidate& c) {
      const std::int64_t channel = view_.channel(c.index);
      const auto place = std::find(channels.begin(), channels.end(), channel);
      if (place == channels.end()) channels.push_back(channel);
    };
    add(*std::max_element(left.begin(), left.end(), by_eta));
    add(*std::max_element(left.begin(), left.end(), by_ulps));
    const auto threads = static_cast<std::size_t>(omp_get_max_threads());
    for (const Candidate& c : left) {
      if (channels.size() < threads) add(c);
    }
    if (checked_.screen) {
      parallel_for(
          std::ssize(channels), channels.size() > 1, [&](std::int64_t i) {
            checked_.screen->sum_exactly(channels[static_cast<std::size_t>(i)]);
          });
    }
    std::vector<Candidate> now;
    std::erase_if(left, [&](const Candidate& c) {
      const auto end = channels.end();
      const bool open =
          std::find(channels.begin(), end, view_.channel(c.index)) != end;
      if (open) now.push_back(c);
      return open;
    });
    Worker worker(checked_, findings_);
    worker.judge(now);
    worker.finish();
  }
}

FastCheck::Path FastCheck::path(std::int64_t channel) const {
  if (filter_ == Filter::off || view_.count() < kFewValues) {
    return Path::integers;
  }
  if (checked_.screen &&
      checked_.screen->is_bounded(checked_.output, channel)) {
    return Path::screen;
  }
  return checked_.exact(channel).is_bounded(checked_.output, channel)
             ? Path::exact_sums
             : Path::integers;
}

std::optional<ChannelForms> FastCheck::forms(const Channels& channels,
                                             Path path) const {
  if (path == Path::integers) return {};
  return ChannelForms(
      checked_.judge, path == Path::screen ? checked_.screen : nullptr,
      checked_.output, checked_.names, checked_.got.dtype(), channels);
}

void FastCheck::check(const Channels& channels) {
  if (view_.inner > 1) {
    for (std::int64_t i = 0; i < channels.count; ++i) {
      check_along(channels.first + i);
    }
    return;
  }
  // Neighbours in memory belong to different channels. Take as many channels at
  // once as have the same path.
  const std::int64_t end = channels.first + channels.count;
  for (std::int64_t c = channels.first; c < end;) {
    const Path same = path(c);
    std::int64_t next = c + 1;
    const std::int64_t most = std::min(end, c + Worker::kBlock);
    while (next < most && path(next) == same) ++next;
    check_across({c, next - c}, same);
    c = next;
  }
}

template <class CheckBlock>
void FastCheck::for_each_block(const Channels& channels, Path path,
                               std::int64_t blocks,
                               const CheckBlock& check_block) {
  std::optional<ChannelForms> forms = this->forms(channels, path);
  struct Own {
    Worker worker;
    std::optional<ChannelForms> forms;
  };
  const bool worth = view_.count() * channels.count > kParallel;
  const std::int64_t chunk = std::clamp<std::int64_t>(blocks / 32, 1, 64);
  parallel_for(
      {blocks, worth, chunk},
      [&] {
        return Own{{checked_, findings_}, forms};
      },
      [&](std::int64_t b, Own& own) { check_block(b, own.forms, own.worker); },
      [](Own& own) { own.worker.finish(); });
}

void FastCheck::check_along(std::int64_t channel) {
  // Blocks of equal size, so that each block can prefetch the next.
  const std::int64_t least =
      (view_.inner + Worker::kBlock - 1) / Worker::kBlock;
  const std::int64_t even = (view_.inner + least - 1) / least;
  const std::int64_t size = (even + kLine - 1) / kLine * kLine;
  const std::int64_t of_run = (view_.inner + size - 1) / size;
  const auto check_block =
      [&](std::int64_t b, std::optional<ChannelForms>& forms, Worker& worker) {
        const std::int64_t n = b / of_run;
        const std::int64_t run = (n * view_.channels + channel) * view_.inner;
        const std::int64_t from = b % of_run * size;
        const std::int64_t count = std::min(size, view_.inner - from);
        if (!forms) return worker.judge_all(run + from, count);
        const bool last = from + count == view_.inner;
        const std::int64_t next =
            run + (last ? view_.channels * view_.inner : from + count);
        worker.check(*forms, run + from, count, next);
      };
  for_each_block({channel, 1}, path(channel), view_.outer * of_run,
                 check_block);
}

void FastCheck::check_across(const Channels& channels, Path path) {
  // Rows of all channels are contiguous.
  const std::int64_t most =
      channels.count == view_.channels ? Worker::kBlock / channels.count : 1;
  const std::int64_t blocks = (view_.outer + most - 1) / most;
  const auto check_block =
      [&](std::int64_t b, std::optional<ChannelForms>& forms, Worker& worker) {
        // From the end, which may still be in cache after summing.
        const std::int64_t n = (blocks - 1 - b) * most;
        const std::int64_t rows = std::min(most, view_.outer - n);
        const std::int64_t first = n * view_.channels + channels.first;
        if (forms) {
          return worker.check(*forms, first, rows * channels.count,
                              first - most * view_.channels);
        }
        for (std::int64_t r = 0; r < rows; ++r) {
          worker.judge_all(first + r * view_.channels, channels.count);
        }
      };
  for_each_block(channels, path, blocks, check_block);
}

}  // namespace exactbn
