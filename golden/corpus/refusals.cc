// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "golden/corpus.h"

namespace exactbn {

using namespace suite;

namespace {

class Refusals {
 public:
  Refusals(Corpus& corpus, Operation operation)
      : corpus_(corpus),
        base_(corpus.draw("Refused", operation, DType::f32, {2, 3})) {}

  // Adds a valid problem that `invalidate` has made invalid.
  template <class Invalidate>
  void add(const char* comment, Invalidate invalidate) {
    Problem p = base_;
    invalidate(p);
    corpus_.add(std::move(p), comment, {"Refused"});
  }

 private:
  Corpus& corpus_;
  Problem base_;
};

}  // namespace

void add_refusals(Corpus& corpus) {
  for (const Operation operation : kOperations) {
    Refusals refusals(corpus, operation);
    refusals.add("epsilon is below 0.",
                 [](Problem& p) { p.epsilon = -kEpsilon; });
    refusals.add("epsilon is infinite.",
                 [](Problem& p) { p.epsilon = HUGE_VAL; });
    refusals.add("epsilon is NaN.", [](Problem& p) { p.epsilon = NAN; });
    refusals.add("The channel axis is beyond the last.",
                 [](Problem& p) { p.channel_axis = 2; });
    refusals.add("The channel axis is below 0.",
                 [](Problem& p) { p.channel_axis = -1; });
    refusals.add("gamma has a value more than there are channels.",
                 [](Problem& p) {
                   p.inputs[Input::gamma] = {DType::f32, {4}};
                 });
    refusals.add("x has one axis only.", [](Problem& p) {
      p.inputs[Input::x] = {DType::f32, {6}};
    });
    if (operation == Operation::forward_training) {
      refusals.add("momentum is NaN.", [](Problem& p) { p.momentum = NAN; });
      refusals.add("Fewer than no batches were tracked.", [](Problem& p) {
        p.momentum = std::nullopt;
        p.batches_tracked = -1;
      });
    }
    for (const Input name : traits(operation).required) {
      if (name == Input::x) continue;
      refusals.add("A required input is missing.",
                   [&](Problem& p) { p.inputs.erase(name); });
      refusals.add("An input has the shape of another batch.", [&](Problem& p) {
        p.inputs[name] = {DType::f32, {3, 3}};
      });
    }
    if (!normalizes_by_batch(operation) ||
        operation == Operation::forward_training) {
      refusals.add("A running variance is below 0.", [](Problem& p) {
        set(p, Input::running_var, {1, -1, 1});
      });
    }
  }
}

}  // namespace exactbn
