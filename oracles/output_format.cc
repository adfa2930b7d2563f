// SPDX-License-Identifier: Apache-2.0
#include "oracles/output_format.h"

namespace exactbn {

DType output_format(const Problem& problem, std::string_view output) {
  const DType x = problem.x().dtype();
  if (shaped_like_x(output)) return x;
  for (const char* name : {"gamma", "beta", "running_mean", "running_var",
                           "gamma_dot", "beta_dot", "ddgamma", "ddbeta"}) {
    if (const Tensor* tensor = problem.find(name)) return tensor->dtype();
  }
  return x == DType::f64 ? DType::f64 : DType::f32;
}

}  // namespace exactbn
