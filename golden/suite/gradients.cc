// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

using enum Operation;

const Shape kGradientsShape = {2, 3, 5, 3};

}  // namespace

void add_gradients(Suite& suite) {
  for (const Operation operation : {backward_training, backward_inference}) {
    for (const DType dtype : kSuiteDTypes) {
      Problem constant =
          suite.draw("ConstantDy", operation, dtype, kGradientsShape);
      set(constant, Input::dy, {0.75});
      suite.add(std::move(constant), {"ConstantDy"});

      Problem small =
          suite.draw("SmallGradient", operation, dtype, kGradientsShape);
      transform(small, Input::dy, 0x1p-14, 0);
      suite.add(std::move(small), {"SmallGradient"});
    }
  }
}

}  // namespace exactbn::suite
