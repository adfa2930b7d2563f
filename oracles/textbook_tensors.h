// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/output_format.h"
#include "reference/textbook_outputs.h"

namespace exactbn {

// The textbook's answer in Real, each output rounded once to its format.
template <class Real>
Tensors textbook_tensors(const Problem& problem) {
  const Outputs<Real> all = Textbook<Real>(problem).outputs();
  Tensors tensors;
  for (const std::string_view name : output_names(problem)) {
    tensors.emplace(name,
                    to_tensor(all.at(name), output_format(problem, name),
                              output_shape(problem, name),
                              shaped_like_x(name) ? problem.channel_axis : 0));
  }
  return tensors;
}

}  // namespace exactbn
