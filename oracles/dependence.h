// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// What outputs of a subject depend on and should not, or the reverse: "3 of 67
// values of x in a channel are ignored: the last 3".
struct Dependence {
  Operation operation = Operation::forward_training;
  std::set<Output> outputs;
  std::string what;
  std::string example;  // the id of the case

  bool operator==(const Dependence&) const = default;
};

// Answers a problem; nothing if the subject may not be asked, or refuses.
using AskAgain = std::function<std::optional<OutputTensors>(const Problem&)>;

// Asks the case again and again with one thing changed, up to some hundred
// times: a value of an input, a whole input, epsilon, momentum. A value that
// stays the same, bit for bit, ignores a change that moves the exact value by
// several times the error that is permitted; a value depends on a change if it
// moves by as much and the exact value does not. So arithmetic does not matter.
// Only `outputs` are told, in one line if they agree. Empty if the answers to
// the case itself differ.
std::vector<Dependence> wrong_dependences(const Case& c,
                                          const OutputNames& outputs,
                                          const Declaration& declaration,
                                          const AskAgain& ask);

}  // namespace exactbn
