// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "oracles/check/channel_forms.h"
#include "oracles/check/findings.h"
#include "reference/rounded.h"

namespace exactbn {

class Worker;

// Checks an output that is shaped like x: doubles with an error bound tell
// which values are surely right, or surely wrong, and cannot be the worst. The
// judge sees the others, so that the verdict is the same as if it had seen all.
class FastCheck {
 public:
  // The arguments must outlive this object; there may be no screen.
  FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
            Output output, const Tensor& got, Grade required,
            Filter filter = Filter::on);

  // The values of these channels, which are best summed, or estimated by the
  // screen, right before. Safe to call from many threads, for channels that are
  // not the same.
  void check(const Channels& channels);

  // When all channels have been checked.
  const OutputVerdict& finish();
  const CheckCounts& counts() const { return findings_.counts(); }

 private:
  // Who judges the values of a channel: integers each of them, or bounds most.
  enum class Path : std::uint8_t { integers, exact_sums, screen };

  Path path(std::int64_t channel) const;
  std::optional<ChannelForms> forms(const Channels& channels, Path path) const;
  // Blocks of values of the channels, by all threads where that is worth them:
  // check_block(b, forms, worker).
  template <class CheckBlock>
  void share(const Channels& channels, Path path, std::int64_t blocks,
             const CheckBlock& check_block);
  void check_along(std::int64_t channel);
  void check_across(const Channels& channels, Path path);

  CheckedOutput of_;
  Filter filter_;
  ChannelView view_;
  Findings findings_;
};

}  // namespace exactbn
