// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/case_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "oracles/format_names.h"

namespace exactbn {

namespace {

// There are some 3000 pairs of rules: with fewer cases, some pair would always
// fit.
constexpr std::size_t kEnoughForTwo = 4;

bool has_last_axis(const Case& c) {
  const Problem& problem = c.problem;
  return problem.channel_axis + 1 == std::ssize(problem.x().shape()) &&
         problem.channel_axis > 1;
}

bool negative_gamma(const Case& c) {
  const Tensor* gamma = c.problem.find(Input::gamma);
  if (!gamma) return false;
  for (std::int64_t i = 0; i < gamma->size(); ++i) {
    if (gamma->value(i) >= 0) return false;
  }
  return true;
}

// For example f32 parameters with x in f16.
bool wide_parameters(const Case& c) {
  const Tensor* gamma = c.problem.find(Input::gamma);
  return gamma && format(gamma->dtype()).precision >
                      format(c.problem.x().dtype()).precision;
}

bool has_label(const Case& c, const std::string& label) {
  return std::find(c.labels.begin(), c.labels.end(), label) != c.labels.end();
}

std::int64_t count(const Case& c) { return c.problem.view().count(); }

std::int64_t channels(const Case& c) { return c.problem.view().channels; }

CaseRule at_least(const char* what, std::int64_t (*size)(const Case&),
                  const CaseList& these) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const Case* c : these) least = std::min(least, size(*c));
  return {fmt::format("{} is {} or more", what, least),
          [=](const Case& c) { return size(c) >= least; }};
}

// All rules but those of the sizes, which depend on the cases.
std::vector<CaseRule> fixed_rules() {
  std::vector<CaseRule> rules = {
      {"the channel axis is the last", has_last_axis},
      {"the channel axis is not the last",
       [](const Case& c) { return !has_last_axis(c); }},
      {"gamma is negative", negative_gamma}};
  for (const DType dtype : kDTypes) {
    rules.push_back(
        {fmt::format("x is {}", format(dtype).name),
         [=](const Case& c) { return c.problem.x().dtype() == dtype; }});
  }
  return rules;
}

constexpr std::string_view kLabelled = "the case is labelled ";

// Rules for formats of parameters, operations and labels.
void add_origin(std::vector<CaseRule>& rules, const CaseList& these) {
  rules.push_back({"gamma is in a wider format than x", wide_parameters});
  rules.push_back({"gamma is given, in the format of x", [](const Case& c) {
                     return c.problem.find(Input::gamma) && !wide_parameters(c);
                   }});
  for (const Operation operation : kOperations) {
    rules.push_back(
        {fmt::format("the operation is {}", to_string(operation)),
         [=](const Case& c) { return c.problem.operation == operation; }});
  }
  std::set<std::string> labels;
  for (const Case* c : these) labels.insert(c->labels.begin(), c->labels.end());
  for (const std::string& label : labels) {
    rules.push_back({fmt::format("{}{}", kLabelled, label),
                     [=](const Case& c) { return has_label(c, label); }});
  }
}

CaseRule at_most(const char* what, std::int64_t (*size)(const Case&),
                 const CaseList& these) {
  std::int64_t most = 0;
  for (const Case* c : these) most = std::max(most, size(*c));
  return {most == 1 ? fmt::format("{} is 1", what)
                    : fmt::format("{} is {} or less", what, most),
          [=](const Case& c) { return size(c) <= most; }};
}

void add_sizes(std::vector<CaseRule>& rules, const CaseList& these) {
  rules.push_back(at_least("m", count, these));
  rules.push_back(at_least("the number of channels", channels, these));
}

const Shape& shape(const Case& c) { return c.problem.x().shape(); }

std::int64_t samples(const Case& c) {
  return c.problem.channel_axis == 0 ? 1 : shape(c)[0];
}

std::int64_t row(const Case& c) { return c.problem.view().inner; }

bool has_square_planes(const Case& c) {
  const std::size_t rank = shape(c).size();
  return rank >= 4 && c.problem.channel_axis + 2 < std::ssize(shape(c)) &&
         shape(c)[rank - 1] == shape(c)[rank - 2] && shape(c)[rank - 1] > 1;
}

bool has_zero(const Case& c, Input input) {
  const Tensor* tensor = c.problem.find(input);
  if (!tensor) return false;
  for (std::int64_t i = 0; i < tensor->size(); ++i) {
    if (tensor->value(i) == 0) return true;
  }
  return false;
}

// Rules that many kernels branch on. There are so many that some would exclude
// a few cases by accident.
constexpr std::size_t kEnoughForBranches = 4;

void add_branches(std::vector<CaseRule>& rules, const CaseList& these) {
  const auto add = [&](std::string text,
                       std::function<bool(const Case&)> holds) {
    rules.push_back({std::move(text), std::move(holds)});
  };
  for (int axis = 0; axis < 2; ++axis) {
    add(fmt::format("the channel axis is {}", axis),
        [=](const Case& c) { return c.problem.channel_axis == axis; });
  }
  for (std::int64_t rank = 2; rank <= 5; ++rank) {
    add(fmt::format("x has rank {}", rank),
        [=](const Case& c) { return std::ssize(shape(c)) == rank; });
  }
  add("there are two samples or more",
      [](const Case& c) { return samples(c) > 1; });
  add("a sample has two values a channel or more",
      [](const Case& c) { return row(c) > 1; });
  add("planes are square", has_square_planes);
  for (const Input input :
       {Input::gamma, Input::beta, Input::running_mean, Input::running_var}) {
    add(fmt::format("{} is absent", input),
        [=](const Case& c) { return !c.problem.find(input); });
    add(fmt::format("{} is given", input),
        [=](const Case& c) { return c.problem.find(input) != nullptr; });
    add(fmt::format("{} has a 0", input),
        [=](const Case& c) { return has_zero(c, input); });
  }
  add("epsilon is 0", [](const Case& c) { return c.problem.epsilon == 0; });
  add("epsilon is not 0", [](const Case& c) { return c.problem.epsilon != 0; });
  for (const int momentum : {0, 1}) {
    add(fmt::format("momentum is {}", momentum),
        [=](const Case& c) { return c.problem.momentum == momentum; });
  }
  add("momentum is null", [](const Case& c) { return !c.problem.momentum; });
  add("momentum is given",
      [](const Case& c) { return c.problem.momentum.has_value(); });
  const std::pair<const char*, std::int64_t (*)(const Case&)> sizes[] = {
      {"m", count},
      {"the number of channels", channels},
      {"the number of samples", samples},
      {"the number of values of a sample and channel", row}};
  for (const auto& [what, size] : sizes) {
    rules.push_back(at_least(what, size, these));
    rules.push_back(at_most(what, size, these));
    for (const std::int64_t block : {2, 4, 8, 16, 32, 64}) {
      add(fmt::format(
              "{} is {}", what,
              block == 2 ? "odd" : fmt::format("no multiple of {}", block)),
          [=, size = size](const Case& c) { return size(c) % block != 0; });
      add(fmt::format(
              "{} is {}", what,
              block == 2 ? "even" : fmt::format("a multiple of {}", block)),
          [=, size = size](const Case& c) { return size(c) % block == 0; });
    }
  }
}

bool all_hold(const CaseRule& rule, const CaseList& cases) {
  return std::all_of(cases.begin(), cases.end(),
                     [&](const Case* c) { return rule.holds(*c); });
}

bool any_holds(const CaseRule& rule, const CaseList& cases) {
  return std::any_of(cases.begin(), cases.end(),
                     [&](const Case* c) { return rule.holds(*c); });
}

// All labels that distinguish the cases: none is better than another.
std::string all_labels(std::span<const CaseRule> rules, const CaseList& these,
                       const CaseList& others) {
  std::string text;
  for (const CaseRule& rule : rules) {
    if (!rule.text.starts_with(kLabelled)) continue;
    if (!all_hold(rule, these) || any_holds(rule, others)) continue;
    const std::string label = rule.text.substr(kLabelled.size());
    text += fmt::format("{}{}", text.empty() ? kLabelled : " and ", label);
  }
  return text;
}

}  // namespace

std::vector<CaseRule> shape_rules(const CaseList& these) {
  std::vector<CaseRule> rules = fixed_rules();
  add_sizes(rules, these);
  return rules;
}

std::vector<CaseRule> branch_rules(const CaseList& these) {
  std::vector<CaseRule> rules;
  add_branches(rules, these);
  return rules;
}

std::optional<std::string> distinguishing_rule(std::span<const CaseRule> rules,
                                               const CaseList& these,
                                               const CaseList& others) {
  if (these.empty() || others.empty()) return std::nullopt;
  for (const CaseRule& rule : rules) {
    if (all_hold(rule, these) && !any_holds(rule, others)) return rule.text;
  }
  return std::nullopt;
}

std::optional<std::string> distinguishing_rule(const CaseList& these,
                                               const CaseList& others) {
  std::vector<CaseRule> fixed = fixed_rules();
  add_origin(fixed, these);
  std::vector<CaseRule> rules = fixed;
  add_sizes(rules, these);
  auto text = distinguishing_rule(rules, these, others);
  if (text && !text->starts_with(kLabelled)) return text;
  // Better than a label: it says what the cases have in common.
  if (others.size() >= kEnoughForBranches) {
    auto branch = distinguishing_rule(branch_rules(these), these, others);
    if (branch) return branch;
  }
  if (text) return all_labels(fixed, these, others);
  if (std::min(these.size(), others.size()) < kEnoughForTwo) {
    return std::nullopt;
  }
  std::vector<CaseRule> pairs;
  std::erase_if(fixed, [&](const CaseRule& r) { return !all_hold(r, these); });
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    for (std::size_t j = i + 1; j < fixed.size(); ++j) {
      pairs.push_back({fixed[i].text + " and " + fixed[j].text,
                       [a = fixed[i].holds, b = fixed[j].holds](const Case& c) {
                         return a(c) && b(c);
                       }});
    }
  }
  return distinguishing_rule(pairs, these, others);
}

std::vector<std::string> failing_cases(std::span<const JudgedCase> run) {
  std::vector<std::string> texts;
  for (const Operation operation : kOperations) {
    CaseList failed;
    CaseList passed;
    for (const JudgedCase& c : run) {
      if (c.question->problem.operation != operation) continue;
      (c.failed ? failed : passed).push_back(c.question);
    }
    auto rule = distinguishing_rule(shape_rules(failed), failed, passed);
    if (!rule && passed.size() >= kEnoughForBranches) {
      rule = distinguishing_rule(branch_rules(failed), failed, passed);
    }
    if (rule) {
      texts.push_back(fmt::format("{} fails where {}, and nowhere else",
                                  to_string(operation), *rule));
    }
  }
  return texts;
}

}  // namespace exactbn
