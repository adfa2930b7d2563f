// SPDX-License-Identifier: Apache-2.0
#include "oracles/defects.h"

#include <algorithm>
#include <array>

#include "oracles/defects/families.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

std::vector<Defect> all_families() {
  struct Family {
    std::string_view name;
    std::span<const Defect> defects;
  };
  const Family families[] = {
      {"statistics", statistics_defects()},
      {"arithmetic", arithmetic_defects()},
      {"block", block_defects()},
      {"layout", layout_defects()},
      {"running", running_defects()},
      {"epsilon", epsilon_defects()},
      {"parameters", parameter_defects()},
      {"backward", backward_defects()},
      {"second order", second_order_defects()},
      {"range", range_defects()},
      {"state", state_defects()},
  };
  std::vector<Defect> all;
  for (const Family& family : families) {
    for (Defect defect : family.defects) {
      defect.family = family.name;
      all.push_back(defect);
    }
  }
  return all;
}

Answer with_outputs(OutputTensors outputs) {
  Answer answer;
  answer.outputs = std::move(outputs);
  return answer;
}

}  // namespace

std::span<const Defect> defects() {
  static const std::vector<Defect> all = all_families();
  return all;
}

const Defect* find_defect(std::string_view name) {
  for (const Defect& defect : defects()) {
    if (defect.name == name) return &defect;
  }
  return nullptr;
}

std::vector<Answer> defect_answers(const Defect& defect,
                                   const Problem& problem) {
  const StandardEnvironment environment;
  const Model& model = defect.model;
  constexpr std::array kOrders = {Order::forward, Order::reversed,
                                  Order::pairwise, Order::lanes};
  std::vector<Answer> answers;
  for (const Order order : kOrders) {
    Memory memory;
    if (model.recalled) answer_of(model, problem, order, memory);
    memory.poisoned = true;
    answers.push_back(with_outputs(answer_of(model, problem, order, memory)));
    if (!model.ordered) break;
  }
  return answers;
}

DefectSubject::DefectSubject(const Defect& defect) : defect_(defect) {
  declaration_.subject = "defect:" + std::string(defect.name);
  declaration_.domain = defect.model.domain;
}

Answer DefectSubject::answer(const Case& c) {
  const StandardEnvironment environment;
  return with_outputs(
      answer_of(defect_.model, c.problem, Order::forward, memory_));
}

}  // namespace exactbn
