// SPDX-License-Identifier: Apache-2.0
// The answer to a problem against the formulas over matrices.
#include "reference/textbook/outputs.h"

#include <gtest/gtest.h>

#include "reference/testing/any_problem.h"
#include "reference/testing/trials.h"

namespace exactbn::outputs_test {
namespace {

template <class Real>
class OverMatrices {
 public:
  explicit OverMatrices(const Problem& problem)
      : p_(problem), eps_(static_cast<Real>(problem.epsilon)) {}

  Outputs<Real> outputs() const {
    const Matrix<Real> x = matrix("x");
    const Row<Real> gamma = row("gamma", 1);
    switch (p_.operation) {
      case Operation::forward_training:
        return forward(forward_training(x, gamma, row("beta"), eps_));
      case Operation::forward_inference:
        return {
            {"y", forward_inference(x, gamma, row("beta"), row("running_mean"),
                                    row("running_var"), eps_)}};
      case Operation::backward_training:
        return gradients(backward_training(x, matrix("dy"), gamma, eps_));
      case Operation::backward_inference:
        return gradients(backward_inference(x, matrix("dy"), gamma,
                                            row("running_mean"),
                                            row("running_var"), eps_));
      case Operation::jvp_training:
        return {
            {"y_dot", jvp_training(x, matrix("x_dot"), gamma, row("gamma_dot"),
                                   row("beta_dot"), eps_)}};
      case Operation::double_backward_training:
        break;
    }
    const auto r =
        double_backward_training(x, matrix("dy"), matrix("ddx"), gamma,
                                 row("ddgamma"), row("ddbeta"), eps_);
    return {{"grad_x", r.grad_x},
            {"grad_gamma", r.grad_gamma},
            {"grad_dy", r.grad_dy}};
  }

 private:
  Outputs<Real> forward(const Forward<Real>& r) const {
    Outputs<Real> out = {
        {"y", r.y}, {"mean", r.mean}, {"var", r.var}, {"invstd", r.invstd}};
    if (p_.find("running_mean")) {
      out["running_mean"] = average(row("running_mean"), r.mean);
    }
    if (p_.find("running_var")) {
      const Row<Real> old = row("running_var");
      out["running_var_biased"] = average(old, r.var);
      out["running_var"] = average(old, unbiased(r.var, p_.view().count()));
    }
    return out;
  }

  Row<Real> average(const Row<Real>& old, const Row<Real>& batch) const {
    return p_.momentum
               ? running_average(old, batch, static_cast<Real>(*p_.momentum))
               : cumulative_average(old, batch, p_.batches_tracked);
  }

  Outputs<Real> gradients(const Backward<Real>& r) const {
    return {{"dx", r.dx}, {"dgamma", r.dgamma}, {"dbeta", r.dbeta}};
  }

  Matrix<Real> matrix(std::string_view name) const {
    return to_matrix<Real>(*p_.find(name), p_.channel_axis);
  }

  Row<Real> row(std::string_view name, int absent = 0) const {
    if (const Tensor* tensor = p_.find(name)) return to_row<Real>(*tensor);
    return Row<Real>::Constant(p_.view().channels, static_cast<Real>(absent));
  }

  const Problem& p_;
  Real eps_;
};

// But for the bits of a NaN.
template <class Real>
bool same(const Real& a, const Real& b) {
  return a == b ? std::signbit(a) == std::signbit(b) : a != a && b != b;
}

// Of problems with any values, so that sums cancel and ranges are left.
template <class Real>
void expect_the_same() {
  Draw draw(3);
  int values = 0;
  for (int trial = 0; trial < trials(400); ++trial) {
    for (const Operation operation : kOperations) {
      for (const DType dtype : kDTypes) {
        Problem p = any_problem(draw, operation, dtype);
        if (trial % 2 == 0) {
          // The channels on another axis, and long enough for halves.
          const auto m = static_cast<std::int64_t>(draw.below(40)) + 1;
          p.channel_axis = static_cast<int>(draw.below(3));
          p.inputs["x"] = drawn_wide_or_narrow(draw, dtype, {2, 3, m});
          for (auto& [name, tensor] : p.inputs) {
            if (name == "x") continue;
            tensor = drawn_wide_or_narrow(draw, tensor.dtype(),
                                          output_shape(p, name));
            if (name == "running_var") tensor = magnitudes(tensor);
          }
        }
        const Outputs<Real> got = Textbook<Real>(p).outputs();
        const Outputs<Real> expected = OverMatrices<Real>(p).outputs();
        ASSERT_EQ(got.size(), expected.size());
        for (const auto& [name, matrix] : expected) {
          const Matrix<Real>& its = got.at(name);
          ASSERT_EQ(its.rows(), matrix.rows());
          ASSERT_EQ(its.cols(), matrix.cols());
          for (Eigen::Index i = 0; i < matrix.size(); ++i) {
            ASSERT_TRUE(same(its(i), matrix(i)))
                << to_string(operation) << ' ' << format(dtype).name << ' '
                << name << '[' << i << ']';
            ++values;
          }
        }
      }
    }
  }
  EXPECT_GT(values, trials(200'000));
}

TEST(Textbook, HasTheBitsOfTheFormulasInDouble) { expect_the_same<double>(); }

TEST(Textbook, HasTheBitsOfTheFormulasInLongDouble) {
  expect_the_same<long double>();
}

TEST(Textbook, HasNoOtherOutputs) {
  Draw draw(1);
  const Problem p = any_problem(draw, Operation::jvp_training, DType::f32);
  Textbook<double> textbook(p);
  textbook.run();
  EXPECT_FALSE(textbook.output("y_dot").empty());
  EXPECT_TRUE(textbook.output("y").empty());
}

}  // namespace
}  // namespace exactbn::outputs_test
