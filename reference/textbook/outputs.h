// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string_view>

#include "reference/problem.h"
#include "reference/textbook.h"

namespace exactbn {

// Matrices shaped m x C, those of one value a channel 1 x C.
template <class Real>
using Outputs = std::map<std::string_view, Matrix<Real>>;

// The textbook's answer to a problem: every output, and "running_var_biased".
template <class Real>
class Textbook {
 public:
  explicit Textbook(const Problem& problem)
      : problem_(problem), epsilon_(static_cast<Real>(problem.epsilon)) {}

  Outputs<Real> outputs() const {
    const Matrix<Real> x = matrix("x");
    const Row<Real> gamma = row_or("gamma", 1);
    const Row<Real> beta = row_or("beta", 0);
    switch (problem_.operation) {
      case Operation::forward_training:
        return forward(forward_training(x, gamma, beta, epsilon_));
      case Operation::forward_inference:
        return {{"y", forward_inference(x, gamma, beta, row("running_mean"),
                                        row("running_var"), epsilon_)}};
      case Operation::backward_training:
        return gradients(backward_training(x, matrix("dy"), gamma, epsilon_));
      case Operation::backward_inference:
        return gradients(backward_inference(x, matrix("dy"), gamma,
                                            row("running_mean"),
                                            row("running_var"), epsilon_));
      case Operation::jvp_training:
        return {{"y_dot",
                 jvp_training(x, matrix("x_dot"), gamma, row_or("gamma_dot", 0),
                              row_or("beta_dot", 0), epsilon_)}};
      case Operation::double_backward_training:
        break;
    }
    const auto r = double_backward_training(x, matrix("dy"), matrix("ddx"),
                                            gamma, row_or("ddgamma", 0),
                                            row_or("ddbeta", 0), epsilon_);
    return {{"grad_x", r.grad_x},
            {"grad_gamma", r.grad_gamma},
            {"grad_dy", r.grad_dy}};
  }

 private:
  Outputs<Real> forward(const Forward<Real>& r) const {
    Outputs<Real> out = {
        {"y", r.y}, {"mean", r.mean}, {"var", r.var}, {"invstd", r.invstd}};
    if (problem_.find("running_mean")) {
      out["running_mean"] = average(row("running_mean"), r.mean);
    }
    if (problem_.find("running_var")) {
      const Row<Real> old = row("running_var");
      out["running_var_biased"] = average(old, r.var);
      out["running_var"] =
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
    return {{"dx", r.dx}, {"dgamma", r.dgamma}, {"dbeta", r.dbeta}};
  }

  Matrix<Real> matrix(std::string_view name) const {
    return to_matrix<Real>(*problem_.find(name), problem_.channel_axis);
  }

  Row<Real> row(std::string_view name) const {
    return to_row<Real>(*problem_.find(name));
  }

  Row<Real> row_or(std::string_view name, int absent) const {
    if (problem_.find(name)) return row(name);
    return Row<Real>::Constant(problem_.view().channels,
                               static_cast<Real>(absent));
  }

  const Problem& problem_;
  Real epsilon_;
};

}  // namespace exactbn
