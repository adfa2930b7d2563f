// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/case_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

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

void add_sizes(std::vector<CaseRule>& rules, const CaseList& these) {
  rules.push_back(at_least("m", count, these));
  rules.push_back(at_least("the number of channels", channels, these));
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
  if (auto text = distinguishing_rule(rules, these, others)) {
    return text->starts_with(kLabelled) ? all_labels(fixed, these, others)
                                        : text;
  }
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
    if (const auto rule =
            distinguishing_rule(shape_rules(failed), failed, passed)) {
      texts.push_back(fmt::format("{} fails where {}, and nowhere else",
                                  to_string(operation), *rule));
    }
  }
  return texts;
}

}  // namespace exactbn
