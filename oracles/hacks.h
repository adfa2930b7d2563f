// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "oracles/subject.h"
#include "reference/draw.h"

namespace exactbn {

// What a kernel remembers of its earlier calls.
struct HackState {
  std::int64_t calls = 0;  // with this one
  std::map<std::string, OutputTensors> answers;
  Draw chance{1};

  // The answer of the first call with this key; `compute` makes it.
  OutputTensors recall(const std::string& key,
                       const std::function<OutputTensors()>& compute);
};

// What a program that writes kernels, or a person in haste, passes off as batch
// normalization: cheap, and right on the inputs that a grader tries first. All
// else is right: computed in doubles and rounded once.
struct Hack {
  std::string_view name;           // snake_case
  std::string_view what;           // in one line
  NameList<Operation> operations;  // where it cheats
  OutputTensors (*answer)(const Problem& problem, HackState& state);
  std::string_view family = {};
};

// All hacks, family by family.
std::span<const Hack> hacks();

// Null if no hack has the name.
const Hack* find_hack(std::string_view name);

// A kernel for f32 with the hack. It declares the operations where it cheats.
class HackSubject : public Subject {
 public:
  // The hack must outlive this object.
  explicit HackSubject(const Hack& hack);
  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override;

 private:
  const Hack& hack_;
  Declaration declaration_;
  HackState state_;
};

}  // namespace exactbn
