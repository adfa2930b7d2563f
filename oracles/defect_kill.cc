// SPDX-License-Identifier: Apache-2.0
#include "oracles/defect_kill.h"

#include "oracles/defects/model.h"

namespace exactbn {

namespace {

Tensors right_answer(const Problem& problem) {
  Memory none;
  return answer_of({}, problem, Order::forward, none);
}

}  // namespace

Kill::Kill(const Case& c)
    : judge_(c.problem, declaration_), right_(right_answer(c.problem)) {}

bool Kill::operator()(const Answer& answer) const {
  for (const auto& [name, right] : right_) {
    const Tensor& got = answer.outputs.at(name);
    for (std::int64_t i = 0; i < got.size(); ++i) {
      if (got.bits(i) == right.bits(i)) continue;
      const Judgement j = judge_(name, i, got.bits(i), got.dtype());
      if (j.decided && j.grade > Grade::sequential) return true;
    }
  }
  return false;
}

}  // namespace exactbn
