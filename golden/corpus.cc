// SPDX-License-Identifier: Apache-2.0
#include "golden/corpus.h"

#include "golden/suite/case_id.h"
#include "golden/suite/labels.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// In x. A larger case of the core suite would be too long to ship.
constexpr std::int64_t kMaxShippedValues = 64;

}  // namespace

void Corpus::add(Problem problem, std::string comment,
                 std::initializer_list<std::string> labels) {
  std::string id = case_id(problem);
  add({{std::move(id), std::move(problem), labels}, std::move(comment)});
}

void Corpus::add(CommentedCase question) {
  if (ids_.insert(question.question.id).second) {
    cases_.push_back(std::move(question));
  }
}

std::vector<CommentedCase> commented(std::vector<Case> cases) {
  std::vector<CommentedCase> all;
  for (Case& c : cases) {
    const auto label = find_label(c.labels.front());
    all.push_back({std::move(c), std::string(label->exposes)});
  }
  return all;
}

std::vector<CommentedCase> corpus(std::uint64_t seed) {
  const StandardEnvironment environment;
  Corpus corpus(seed);
  for (CommentedCase& c : commented(core_suite(seed))) {
    if (c.question.problem.x().size() <= kMaxShippedValues) {
      corpus.add(std::move(c));
    }
  }
  add_layouts(corpus);
  add_ladders(corpus);
  add_known_answers(corpus);
  add_midpoints(corpus);
  add_knife_edges(corpus);
  add_running_steps(corpus);
  add_unequal_shards(corpus);
  add_edges(corpus);
  add_refusals(corpus);
  return corpus.take();
}

}  // namespace exactbn
