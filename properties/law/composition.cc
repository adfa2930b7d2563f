// SPDX-License-Identifier: Apache-2.0
// A batch split into parts, as over several devices.
#include <numeric>

#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

constexpr std::string_view kChan = "Chan, Golub & LeVeque 1983, equation (2.1)";

bool trains_on_several(const Problem& p) {
  return p.operation == Operation::forward_training && has_several(p);
}
bool is_backward_frozen(const Problem& p) {
  return p.operation == Operation::backward_inference && has_several(p);
}

struct Parts {
  const Observation* first = nullptr;
  const Observation* rest = nullptr;
  explicit operator bool() const { return first && rest; }
};

// Two parts, of different sizes if possible.
Parts ask_parts(Trial& t) {
  const Problem p = t.base().problem().operation == Operation::forward_training
                        ? without(t.base().problem(),
                                  {Input::running_mean, Input::running_var})
                        : t.base().problem();
  const std::int64_t m = p.view().count();
  const std::int64_t split = (m + 2) / 3;
  std::vector<std::int64_t> first(static_cast<std::size_t>(split));
  std::vector<std::int64_t> rest(static_cast<std::size_t>(m - split));
  std::iota(first.begin(), first.end(), 0);
  std::iota(rest.begin(), rest.end(), split);
  Parts parts;
  parts.first = t.ask(restricted(p, first).problem);
  if (parts.first) parts.rest = t.ask(restricted(p, rest).problem);
  return parts;
}

void merged_statistics(Trial& t) {
  const Observation& a = t.base();
  const Parts parts = ask_parts(t);
  if (!parts) return;
  const Number m = count(a);
  const Number m1 = count(*parts.first);
  const Number m2 = count(*parts.rest);
  for (const Output output : {Output::mean, Output::var}) {
    if (!a.has(output) || !parts.first->has(output) ||
        !parts.rest->has(output)) {
      return;
    }
  }
  const Column mean = a.out(Output::mean);
  const Column mean1 = parts.first->out(Output::mean);
  const Column mean2 = parts.rest->out(Output::mean);
  const Column var = a.out(Output::var);
  const Column var1 = parts.first->out(Output::var);
  const Column var2 = parts.rest->out(Output::var);
  each_channel(a, [&](std::int64_t c) {
    const Number delta = mean1(c) - mean2(c);
    t.zero(m * mean(c) - m1 * mean1(c) - m2 * mean2(c), Output::mean, c);
    t.zero(m * (m * var(c) - m1 * var1(c) - m2 * var2(c)) -
               m1 * m2 * squared(delta),
           Output::var, c);
  });
}

// With frozen statistics dgamma and dbeta are the sums over the parts.
void merged_gradients(Trial& t) {
  const Observation& a = t.base();
  const Parts parts = ask_parts(t);
  if (!parts) return;
  for (const Output output : {Output::dgamma, Output::dbeta}) {
    if (!a.has(output) || !parts.first->has(output) ||
        !parts.rest->has(output)) {
      return;
    }
    const Column whole = a.out(output);
    const Column first = parts.first->out(output);
    const Column rest = parts.rest->out(output);
    each_channel(a, [&](std::int64_t c) {
      t.zero(whole(c) - first(c) - rest(c), output, c);
    });
  }
}

const Law kCompositionLaws[] = {
    {"merged_statistics",
     "m^2 var = m (m1 var1 + m2 var2) + m1 m2 (mean1 - mean2)^2; m mean = ...",
     kChan, "the statistics skip values, or count some twice",
     trains_on_several, merged_statistics},
    {"merged_gradients", "dgamma and dbeta are the sums over the parts",
     "frozen statistics are the same for all parts",
     "the sums skip values, or count some twice", is_backward_frozen,
     merged_gradients},
};

}  // namespace

std::span<const Law> composition_laws() { return kCompositionLaws; }

}  // namespace exactbn::law
