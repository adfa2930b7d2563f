// SPDX-License-Identifier: Apache-2.0
#include "oracles/convention.h"

#include <fmt/ranges.h>

#include <stdexcept>
#include <vector>

#include "oracles/wire/words.h"
#include "reference/conventions.h"

namespace exactbn {

namespace {

// Caffe keeps sums and not averages, which no declaration can say.
bool can_be_declared(const Convention& convention) {
  return convention.momentum_is != MomentumIs::weight_of_old_sum;
}

Convention convention_of(std::string_view framework) {
  const auto found = find_convention(framework);
  if (found && can_be_declared(*found)) return *found;
  std::vector<std::string_view> known;
  for (const Convention& each : conventions()) {
    if (can_be_declared(each)) known.push_back(each.framework);
  }
  throw std::invalid_argument(
      found ? fmt::format("{} keeps sums, not averages: it cannot be declared",
                          framework)
            : fmt::format("unknown convention '{}'; expected {}", framework,
                          fmt::join(known, ", ")));
}

Declaration declared(Declaration declaration, const Convention& convention) {
  if (convention.momentum_is != MomentumIs::absent) {
    declaration.momentum = convention.momentum_is == MomentumIs::weight_of_old
                               ? Momentum::weight_of_old
                               : Momentum::weight_of_new;
  }
  declaration.running_variance = convention.running_var == VarianceDivisor::m
                                     ? RunningVariance::biased
                                     : RunningVariance::unbiased;
  return declaration;
}

}  // namespace

std::map<std::string, std::string> convention_fields(
    std::string_view framework) {
  const Convention convention = convention_of(framework);
  const Declaration says = declared({}, convention);
  std::map<std::string, std::string> fields;
  if (convention.momentum_is != MomentumIs::absent) {
    fields["momentum"] = wire::word(says.momentum);
  }
  fields["running_variance"] = wire::word(says.running_variance);
  return fields;
}

Declaration by_convention(Declaration declaration, std::string_view framework) {
  return declared(std::move(declaration), convention_of(framework));
}

}  // namespace exactbn
