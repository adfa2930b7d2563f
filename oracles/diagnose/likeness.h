// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/defects.h"
#include "oracles/defects/truth.h"

namespace exactbn {

// What came before a call, as far as a model of a defect of state needs it.
struct Past {
  const Case* question = nullptr;  // the last of the same operation, or none
  const Answer* answer = nullptr;  // the subject's own, to that
  bool poisoned = false;  // whether a call before had NaN or an infinity
};

// What a model answers to a case.
struct Prediction {
  std::vector<OutputTensors> answers;  // one for each order of summation
  // The subject's answer that went into it, rounded as it is.
  const Answer* past = nullptr;
  bool right = false;     // the right answer, to the bit: it tells nothing
  bool may_fail = false;  // an answer fails
  bool tells = false;  // every answer fails: the case tells it from the truth
};

Prediction predict(const Defect& defect, Truth& truth, const Past& past);

// How an answer stands to a prediction.
struct Likeness {
  bool agrees = false;
  bool exact = false;  // in every bit, for one of the orders
  // How much likelier the answer is by the model than by chance: a power of 2.
  double evidence = 0;
};

// An answer agrees where every value that is compared does. A value agrees
// - where it has the model's bits;
// - where it is as near to the model's value as `check` lets a value be to the
//   right one, or to the values between which the order of summation moves the
//   model, widened by their distance;
// - where neither fails: the model says nothing else of it than the truth.
Likeness compare(Truth& truth, const Prediction& prediction,
                 const OutputTensors& got);

}  // namespace exactbn
