// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace exactbn {

namespace {

constexpr std::int64_t kLargestBlock = 1024;
constexpr std::int64_t kSmallestBlock = 16;

// The largest block size for which the tail begins at `first`, of `count`
// values; 0 if there is none.
std::int64_t block_before(std::int64_t first, std::int64_t count,
                          std::int64_t smallest) {
  for (std::int64_t block = kLargestBlock; block >= smallest; block /= 2) {
    if (first > 0 && count / block * block == first && first < count) {
      return block;
    }
  }
  return 0;
}

class Values {
 public:
  Values(const Problem& problem, Output output,
         const std::vector<std::int64_t>& failing)
      : failing_(failing),
        shape_(shape_of(problem, output)),
        of_channel_(!shaped_like_x(output)),
        view_(of_channel_ ? ChannelView(shape_, 0) : problem.view()),
        samples_(!of_channel_ && problem.channel_axis > 0) {
    for (const std::int64_t i : failing) channels_.insert(view_.channel(i));
  }

  std::string channels() const {
    const auto count = static_cast<std::int64_t>(channels_.size());
    const std::int64_t first = *channels_.begin();
    if (count == view_.channels || first + count != view_.channels) return {};
    if (count == 1) return "the last channel";
    constexpr std::int64_t kFewest = 4;
    const std::int64_t block = block_before(first, view_.channels, kFewest);
    if (block == 0) return {};
    return fmt::format("the channels left after blocks of {}", block);
  }

  std::string samples() const {
    if (!samples_ || shape_.front() < 2) return {};
    const std::int64_t of_sample = std::accumulate(
        shape_.begin() + 1, shape_.end(), std::int64_t{1}, std::multiplies<>());
    const std::int64_t first = failing_.front() / of_sample;
    const auto sample = [&](std::int64_t i) { return i / of_sample; };
    if (is_rule([&](std::int64_t i) { return sample(i) == first; })) {
      return fmt::format("sample {} alone", first);
    }
    if (is_rule([&](std::int64_t i) { return sample(i) != 0; })) {
      return "all samples but the first";
    }
    return {};
  }

  std::string tails() const {
    // The index of a value within its channel.
    const auto place = [&](std::int64_t i) {
      return i / (view_.channels * view_.inner) * view_.inner + i % view_.inner;
    };
    const std::int64_t in_channel = block_of(place, view_.count());
    if (in_channel != 0) {
      return fmt::format("the values of a channel left after blocks of {}",
                         in_channel);
    }
    if (static_cast<std::int64_t>(channels_.size()) < view_.channels) return {};
    const std::int64_t in_memory =
        block_of([](std::int64_t i) { return i; }, element_count(shape_));
    if (in_memory == 0) return {};
    return fmt::format("the values in memory left after blocks of {}",
                       in_memory);
  }

  std::string strides() const {
    constexpr std::size_t kFewest = 3;
    if (failing_.size() < kFewest ||
        static_cast<std::int64_t>(channels_.size()) < view_.channels) {
      return {};
    }
    std::int64_t stride = 0;
    for (const std::int64_t i : failing_) {
      stride = std::gcd(stride, i - failing_.front());
    }
    if (stride < 2) return {};
    const std::int64_t first = failing_.front() % stride;
    if (!is_rule([&](std::int64_t i) { return i % stride == first; }))
      return {};
    return fmt::format("every value whose offset in memory is {} mod {}", first,
                       stride);
  }

 private:
  // Whether the failing values are exactly those of their channels for which
  // the rule holds, and not all of them.
  template <class Rule>
  bool is_rule(const Rule& rule) const {
    if (!std::all_of(failing_.begin(), failing_.end(), rule)) return false;
    const std::int64_t size = element_count(shape_);
    std::size_t hold = 0;
    bool all = true;
    for (std::int64_t i = 0; i < size; ++i) {
      if (!channels_.contains(view_.channel(i))) continue;
      const bool holds = rule(i);
      hold += holds ? 1 : 0;
      all = all && holds;
    }
    return !all && hold == failing_.size();
  }

  template <class Place>
  std::int64_t block_of(const Place& place, std::int64_t count) const {
    if (of_channel_) return 0;
    std::int64_t first = count;
    for (const std::int64_t i : failing_) first = std::min(first, place(i));
    const std::int64_t block = block_before(first, count, kSmallestBlock);
    if (block == 0) return 0;
    return is_rule([&](std::int64_t i) { return place(i) >= first; }) ? block
                                                                      : 0;
  }

  const std::vector<std::int64_t>& failing_;
  Shape shape_;
  bool of_channel_;
  ChannelView view_;
  bool samples_;
  std::set<std::int64_t> channels_;
};

}  // namespace

std::string pattern(const Problem& problem, Output output,
                    const std::vector<std::int64_t>& failing) {
  if (failing.empty()) return {};
  const Values values(problem, output, failing);
  std::string text = values.channels();
  if (shaped_like_x(output)) {
    for (const std::string& rule :
         {values.samples(), values.tails(), values.strides()}) {
      if (rule.empty()) continue;
      text += (text.empty() ? "" : ", ") + rule;
      break;
    }
  }
  return text;
}

}  // namespace exactbn
