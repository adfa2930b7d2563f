// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "oracles/check/channel_forms.h"
#include "oracles/check/findings.h"
#include "reference/rounded.h"

namespace exactbn {

class Worker;

// Checks an output shaped like x. Doubles with an error bound find the values
// that certainly pass or fail and cannot be the worst. The judge decides the
// others, so the verdict is the same as if it had judged every value.
class FastCheck {
 public:
  // The arguments must outlive this object; `screen` may be null.
  FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
            Output output, const Tensor& got, Grade required,
            Filter filter = Filter::on);

  // Checks the values of these channels. It is fastest if they were summed, or
  // estimated by the screen, right before. Several threads may call it for
  // disjoint channels.
  void check(const Channels& channels);

  // The verdict, once all channels have been checked.
  const OutputVerdict& finish();
  const CheckCounts& counts() const { return findings_.counts(); }

 private:
  // How a channel is checked: exact integers judge every value, or error bounds
  // from exact or estimated sums decide most values.
  enum class Path : std::uint8_t { integers, exact_sums, screen };

  Path path(std::int64_t channel) const;
  std::optional<ChannelForms> forms(const Channels& channels, Path path) const;
  // Calls check_block(b, forms, worker) for each block of values of the
  // channels, on all threads if there are enough values.
  template <class CheckBlock>
  void for_each_block(const Channels& channels, Path path, std::int64_t blocks,
                      const CheckBlock& check_block);
  void check_along(std::int64_t channel);
  void check_across(const Channels& channels, Path path);

  CheckedOutput checked_;
  Filter filter_;
  ChannelView view_;
  Findings findings_;
};

}  // namespace exactbn
