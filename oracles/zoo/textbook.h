// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/subject.h"
#include "reference/textbook/outputs.h"

namespace exactbn {

// The textbook in any real type, each output rounded once to its format.
template <class Real>
OutputTensors textbook_tensors(const Problem& problem) {
  Textbook<Real> textbook(problem);
  textbook.run();
  return textbook.tensors(
      [&](Output name) { return output_format(problem, name); });
}

}  // namespace exactbn
