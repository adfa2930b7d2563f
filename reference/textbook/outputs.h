// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "reference/problem.h"
#include "reference/textbook.h"

namespace exactbn {

// Matrices shaped m x C, those of one value a channel 1 x C.
template <class Real>
using Outputs = std::map<Output, Matrix<Real>>;

// The textbook's answer to a problem: every output, and running_var_biased.
template <class Real>
class Textbook {
 public:
  explicit Textbook(const Problem& problem)
      : problem_(problem), epsilon_(static_cast<Real>(problem.epsilon)) {}

  Outputs<Real> outputs() const {
    const Matrix<Real> x = matrix(Input::x);
    const Row<Real> gamma = row_or(Input::gamma);
    const Row<Real> beta = row_or(Input::beta);
    switch (problem_.operation) {
      case Operation::forward_training:
        return forward(forward_training(x, gamma, beta, epsilon_));
      case Operation::forward_inference:
        return {{Output::y,
                 forward_inference(x, gamma, beta, row(Input::running_mean),
                                   row(Input::running_var), epsilon_)}};
      case Operation::backward_training:
        return gradients(
            backward_training(x, matrix(Input::dy), gamma, epsilon_));
      case Operation::backward_inference:
        return gradients(backward_inference(x, matrix(Input::dy), gamma,
                                            row(Input::running_mean),
                                            row(Input::running_var), epsilon_));
      case Operation::jvp_training:
        return {
            {Output::y_dot, jvp_training(x, matrix(Input::x_dot), gamma,
                                         row_or(Input::gamma_dot),
                                         row_or(Input::beta_dot), epsilon_)}};
      case Operation::double_backward_training:
        break;
    }
    const auto r = double_backward_training(
        x, matrix(Input::dy), matrix(Input::ddx), gamma, row_or(Input::ddgamma),
        row_or(Input::ddbeta), epsilon_);
    return {{Output::grad_x, r.grad_x},
            {Output::grad_gamma, r.grad_gamma},
            {Output::grad_dy, r.grad_dy}};
  }

 private:
  Outputs<Real> forward(const Forward<Real>& r) const {
    Outputs<Real> out = {{Output::y, r.y},
                         {Output::mean, r.mean},
                         {Output::var, r.var},
                         {Output::invstd, r.invstd}};
    if (problem_.find(Input::running_mean)) {
      out[Output::running_mean] = average(row(Input::running_mean), r.mean);
    }
    if (problem_.find(Input::running_var)) {
      const Row<Real> old = row(Input::running_var);
      out[Output::running_var_biased] = average(old, r.var);
      out[Output::running_var] =
          average(old, unbiased(r.var, problem_.view().count()));
    }
    return out;
  }

  Row<Real> average(const Row<Real>& old, const Row<Real>& batch) const {
    return problem_.momentum
               ? running_average(old, batch,
                                 static_cast<Real>(*problem_.momentum))
               : cumulative_average(old, batch, problem_.batches_tracked);
  }

  Outputs<Real> gradients(const Backward<Real>& r) const {
    return {{Output::dx, r.dx},
            {Output::dgamma, r.dgamma},
            {Output::dbeta, r.dbeta}};
  }

  Matrix<Real> matrix(Input input) const {
    return to_matrix<Real>(*problem_.find(input), problem_.channel_axis);
  }

  Row<Real> row(Input input) const {
    return to_row<Real>(*problem_.find(input));
  }

  Row<Real> row_or(Input input) const {
    if (problem_.find(input)) return row(input);
    return Row<Real>::Constant(problem_.view().channels,
                               static_cast<Real>(traits(input).absent));
  }

  const Problem& problem_;
  Real epsilon_;
};

}  // namespace exactbn
