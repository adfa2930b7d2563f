// SPDX-License-Identifier: Apache-2.0
// State that one call leaves for the next.
#include "oracles/defects/families.h"

namespace exactbn {

namespace {

// The output of the last call of the operation, if its size is the same.
const WideMatrix* last(const Memory& memory, const Pass& p, Output name,
                       const WideMatrix& now) {
  const auto call = memory.last.find(p.problem.operation);
  if (call == memory.last.end()) return nullptr;
  const auto output = call->second.find(name);
  if (output == call->second.end() || output->second.rows() != now.rows() ||
      output->second.cols() != now.cols()) {
    return nullptr;
  }
  return &output->second;
}

void accumulate(const Memory& memory, const Pass& p, WideOutputs& out,
                std::initializer_list<Output> names) {
  for (const Output name : names) {
    const auto it = out.find(name);
    if (it == out.end()) continue;
    if (const WideMatrix* before = last(memory, p, name, it->second)) {
      it->second += *before;
    }
  }
}

const Defect kStateDefects[] = {
    {"gradients_accumulate",
     "dgamma and dbeta are added to their previous values",
     "mxnet#16297",
     {.recalled =
          [](const Memory& memory, const Pass& p, WideOutputs& out) {
            accumulate(memory, p, out, {Output::dgamma, Output::dbeta});
          }}},
    {"dx_accumulates",
     "dx is added to its previous values",
     "mxnet#18499",
     {.recalled =
          [](const Memory& memory, const Pass& p, WideOutputs& out) {
            accumulate(memory, p, out, {Output::dx});
          }}},
    {"sums_not_cleared",
     "the sum of x is not reset between calls",
     "",
     {.recalled =
          [](const Memory& memory, const Pass& p, WideOutputs& out) {
            accumulate(memory, p, out, {Output::mean});
          }}},
    {"running_statistics_poisoned",
     "after a batch with an infinity the running statistics stay NaN",
     "pytorch#90342",
     {.recalled =
          [](const Memory& memory, const Pass&, WideOutputs& out) {
            if (!memory.poisoned) return;
            for (const Output name :
                 {Output::running_mean, Output::running_var}) {
              const auto it = out.find(name);
              if (it != out.end()) it->second.setConstant(NAN);
            }
          }}},
    {"running_statistics_held_inside",
     "later calls use the running statistics of the first call",
     "",
     {.recalled =
          [](const Memory& memory, const Pass& p, WideOutputs& out) {
            const auto it = out.find(Output::running_mean);
            if (it == out.end()) return;
            if (const auto* before =
                    last(memory, p, Output::running_mean, it->second)) {
              it->second += p.weight_old * (*before - p.old_mean);
            }
          }}},
};

}  // namespace

std::span<const Defect> state_defects() { return kStateDefects; }

}  // namespace exactbn
