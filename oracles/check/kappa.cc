// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/kappa.h"

#include <limits>
#include <map>

#include "oracles/judge.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

std::vector<double> worst_kappas(const Problem& problem,
                                 const Declaration& declaration,
                                 std::span<const OutputVerdict> outputs) {
  const StandardEnvironment environment;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (!normalizes_by_batch(problem.operation)) {
    return std::vector<double>(outputs.size(), kNone);
  }
  const ChannelView view = problem.view();
  // On demand: only the channels of the worst values are summed.
  const Judge judge(problem, declaration, Judge::OnDemand());
  std::map<std::int64_t, double> of_channel;
  std::vector<double> kappas;
  for (const OutputVerdict& out : outputs) {
    const std::int64_t i = out.worst.index;
    const std::int64_t c = shaped_like_x(out.output) ? view.channel(i) : i;
    const auto [kappa, is_new] = of_channel.emplace(c, kNone);
    if (is_new && judge.exact().is_number(c)) {
      kappa->second = static_cast<double>(judge.conditions().kappa(c));
    }
    kappas.push_back(kappa->second);
  }
  return kappas;
}

}  // namespace exactbn
