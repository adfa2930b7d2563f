// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/defects.h"
#include "oracles/defects/truth.h"

namespace exactbn {

// What happened before a call, for the model of a defect of state.
struct Past {
  const Case* question = nullptr;  // the last of this operation, or null
  const Answer* answer = nullptr;  // the subject's answer to it
  bool poisoned = false;           // an earlier call had NaN or an infinity
};

// What a model answers to a case.
struct Prediction {
  std::vector<OutputTensors> answers;  // one per order of summation
  // The subject's answer that the prediction uses, in its rounded form.
  const Answer* past = nullptr;
  bool right = false;      // the right answer, bit for bit: no evidence
  bool may_fail = false;   // some answer fails
  bool must_fail = false;  // every answer fails: the case detects the defect
};

Prediction predict(const Defect& defect, Truth& truth, const Past& past);

// How an answer compares with a prediction.
struct Likeness {
  bool agrees = false;
  bool exact = false;  // bit for bit, for one of the orders
  // log2 of how much likelier the answer is under the model than by chance.
  double evidence = 0;
};

// An answer agrees if every compared value does. A value agrees
// - if it has the model's bits;
// - if it is as near to the model's value as `check` lets a value be to the
// right one, or to the range of the model's values over all orders of
// summation, widened by its width;
// - if neither fails: the model then predicts nothing but the truth.
Likeness compare(Truth& truth, const Prediction& prediction,
                 const OutputTensors& got);

}  // namespace exactbn
