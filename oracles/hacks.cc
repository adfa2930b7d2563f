// SPDX-License-Identifier: Apache-2.0
#include "oracles/hacks.h"

#include <vector>

#include "oracles/hacks/kernel.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

std::vector<Hack> all_hacks() {
  using namespace hacking;
  const std::pair<std::string_view, std::span<const Hack>> families[] = {
      {"statistics", statistics_hacks()}, {"outputs", output_hacks()},
      {"memory", memory_hacks()},         {"calls", call_hacks()},
      {"running", running_hacks()},       {"parameters", parameter_hacks()},
      {"gradients", gradient_hacks()},    {"inputs", input_hacks()}};
  std::vector<Hack> all;
  for (const auto& [family, hacks] : families) {
    for (Hack hack : hacks) {
      hack.family = family;
      all.push_back(hack);
    }
  }
  return all;
}

}  // namespace

OutputTensors HackState::recall(const std::string& key,
                                const std::function<OutputTensors()>& compute) {
  const auto found = answers.find(key);
  if (found != answers.end()) return found->second;
  return answers.emplace(key, compute()).first->second;
}

std::span<const Hack> hacks() {
  static const std::vector<Hack> all = all_hacks();
  return all;
}

const Hack* find_hack(std::string_view name) {
  for (const Hack& hack : hacks()) {
    if (hack.name == name) return &hack;
  }
  return nullptr;
}

HackSubject::HackSubject(const Hack& hack) : hack_(hack) {
  declaration_.subject = "hack:" + std::string(hack.name);
  declaration_.operations.assign(hack.operations.begin(),
                                 hack.operations.end());
  declaration_.dtypes = {DType::f32};
}

Answer HackSubject::answer(const Case& c) {
  const StandardEnvironment environment;
  ++state_.calls;
  Answer answer;
  answer.outputs = hack_.answer(c.problem, state_);
  return answer;
}

}  // namespace exactbn
