// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace exactbn {

namespace {

using Rule = std::function<bool(const Problem&)>;

struct Named {
  std::string text;
  Rule rule;
};

bool channels_last(const Problem& problem) {
  return problem.channel_axis + 1 == std::ssize(problem.x().shape()) &&
         problem.channel_axis > 1;
}

bool negative_gamma(const Problem& problem) {
  const Tensor* gamma = problem.find("gamma");
  if (!gamma) return false;
  for (std::int64_t c = 0; c < gamma->size(); ++c) {
    if (gamma->value(c) >= 0) return false;
  }
  return true;
}

std::int64_t count(const Problem& problem) { return problem.view().count(); }

std::int64_t channels(const Problem& problem) {
  return problem.view().channels;
}

// From the least size of a case that failed on.
Named at_least(const char* what, std::int64_t (*size)(const Problem&),
               const std::vector<const Outcome*>& cases) {
  std::int64_t least = -1;
  for (const Outcome* c : cases) {
    const std::int64_t n = size(*c->problem);
    if (c->failed && (least < 0 || n < least)) least = n;
  }
  return {fmt::format("{} is {} or more", what, least),
          [=](const Problem& problem) { return size(problem) >= least; }};
}

std::vector<Named> rules(const std::vector<const Outcome*>& cases) {
  std::vector<Named> named = {
      {"the channel axis is the last", channels_last},
      {"the channel axis is not the last",
       [](const Problem& problem) { return !channels_last(problem); }},
      {"gamma is negative", negative_gamma}};
  for (const DType dtype : kDTypes) {
    named.push_back(
        {fmt::format("x is {}", format(dtype).name),
         [=](const Problem& problem) { return problem.x().dtype() == dtype; }});
  }
  named.push_back(at_least("m", count, cases));
  named.push_back(at_least("the number of channels", channels, cases));
  return named;
}

bool tells(const Named& named, const std::vector<const Outcome*>& cases) {
  return std::all_of(cases.begin(), cases.end(), [&](const Outcome* c) {
    return named.rule(*c->problem) == c->failed;
  });
}

}  // namespace

std::vector<std::string> failing_cases(std::span<const Outcome> run) {
  std::vector<std::string> texts;
  for (const Operation operation : kOperations) {
    std::vector<const Outcome*> cases;
    for (const Outcome& c : run) {
      if (c.problem->operation == operation) cases.push_back(&c);
    }
    const auto failed = std::count_if(
        cases.begin(), cases.end(), [](const Outcome* c) { return c->failed; });
    if (failed == 0 || failed == std::ssize(cases)) continue;
    for (const Named& named : rules(cases)) {
      if (!tells(named, cases)) continue;
      texts.push_back(fmt::format("{} fails where {}, and nowhere else",
                                  to_string(operation), named.text));
      break;
    }
  }
  return texts;
}

}  // namespace exactbn
