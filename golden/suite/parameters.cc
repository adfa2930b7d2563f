// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

const Shape kParametersShape = {3, 4, 3, 5};

void add_absent_parameters(Suite& suite, DType dtype) {
  for (const Operation operation : kFirstOrder) {
    Problem p = suite.draw("NoGamma", operation, dtype, kParametersShape);
    p.inputs.erase(Input::gamma);
    if (p.find(Input::beta)) {
      Problem q = suite.draw("NoBeta", operation, dtype, kParametersShape);
      q.inputs.erase(Input::beta);
      suite.add(std::move(q), {"NoBeta"});

      Problem r =
          suite.draw("NoGammaNoBeta", operation, dtype, kParametersShape);
      r.inputs.erase(Input::gamma);
      r.inputs.erase(Input::beta);
      suite.add(std::move(r), {"NoGamma", "NoBeta"});
    }
    suite.add(std::move(p), {"NoGamma"});
  }
}

void add_signs(Suite& suite, DType dtype) {
  for (const Operation operation : kFirstOrder) {
    Problem zero = suite.draw("ZeroGamma", operation, dtype, kParametersShape);
    set(zero, Input::gamma, {0, -1.25, 0, 1.5});
    suite.add(std::move(zero), {"ZeroGamma"});

    Problem negative =
        suite.draw("NegativeGamma", operation, dtype, kParametersShape);
    set(negative, Input::gamma, {-0.75, -1.25, -3, -0.125});
    suite.add(std::move(negative), {"NegativeGamma"});
  }
}

// All parameters and statistics in the format of x.
void add_half_parameters(Suite& suite, DType dtype) {
  for (const Operation operation : kFirstOrder) {
    Problem p =
        suite.draw("HalfParameters", operation, dtype, kParametersShape);
    for (const Input name :
         {Input::gamma, Input::beta, Input::running_mean, Input::running_var}) {
      convert(p, name, dtype);
    }
    suite.add(std::move(p), {"HalfParameters"});
  }
}

// In f16 these variances are infinite and 2^-24 or 0.
void add_wide_parameters(Suite& suite) {
  using enum Operation;
  for (const Operation operation : {forward_inference, backward_inference}) {
    Problem p =
        suite.draw("WideParameters", operation, DType::f16, kParametersShape);
    set(p, Input::running_var, {1e5, 1e-7, 3, 7e5});
    set(p, Input::gamma, {300, -0.0078125, 1.5, -700});
    suite.add(std::move(p), {"WideParameters"});
  }
}

}  // namespace

void add_parameters(Suite& suite) {
  for (const DType dtype : {DType::f32, DType::f16})
    add_absent_parameters(suite, dtype);
  for (const DType dtype : {DType::f32, DType::bf16}) add_signs(suite, dtype);
  add_half_parameters(suite, DType::f16);
  add_half_parameters(suite, DType::bf16);
  add_wide_parameters(suite);
}

}  // namespace exactbn::suite
