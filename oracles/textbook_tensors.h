// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/subject.h"
#include "reference/textbook/outputs.h"

namespace exactbn {

// The textbook's answer in Real, as `outputs` has it, each output rounded once
// to its format.
template <class Real>
OutputTensors to_tensors(const Problem& problem, const Outputs<Real>& all) {
  OutputTensors tensors;
  for (const Output name : output_names(problem)) {
    tensors.emplace(name,
                    to_tensor(all.at(name), output_format(problem, name),
                              shape_of(problem, name),
                              shaped_like_x(name) ? problem.channel_axis : 0));
  }
  return tensors;
}

template <class Real>
OutputTensors textbook_tensors(const Problem& problem) {
  return to_tensors(problem, Textbook<Real>(problem).outputs());
}

}  // namespace exactbn
