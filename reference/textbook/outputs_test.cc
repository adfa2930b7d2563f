// SPDX-License-Identifier: Apache-2.0
// The answer to a problem by the formulas over matrices.
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
    const Matrix<Real> x = matrix(Input::x);
    const Row<Real> gamma = row(Input::gamma);
    switch (p_.operation) {
      case Operation::forward_training:
        return forward(forward_training(x, gamma, row(Input::beta), eps_));
      case Operation::forward_inference:
        return {{Output::y, forward_inference(x, gamma, row(Input::beta),
                                              row(Input::running_mean),
                                              row(Input::running_var), eps_)}};
      case Operation::backward_training:
        return gradients(backward_training(x, matrix(Input::dy), gamma, eps_));
      case Operation::backward_inference:
        return gradients(backward_inference(x, matrix(Input::dy), gamma,
                                            row(Input::running_mean),
                                            row(Input::running_var), eps_));
      case Operation::jvp_training:
        return {{Output::y_dot, jvp_training(x, matrix(Input::x_dot), gamma,
                                             row(Input::gamma_dot),
                                             row(Input::beta_dot), eps_)}};
      case Operation::double_backward_training:
        break;
    }
    const auto r = double_backward_training(
        x, matrix(Input::dy), matrix(Input::ddx), gamma, row(Input::ddgamma),
        row(Input::ddbeta), eps_);
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
    if (p_.find(Input::running_mean)) {
      out[Output::running_mean] = average(row(Input::running_mean), r.mean);
    }
    if (p_.find(Input::running_var)) {
      const Row<Real> old = row(Input::running_var);
      out[Output::running_var_biased] = average(old, r.var);
      out[Output::running_var] =
          average(old, unbiased(r.var, p_.view().count()));
    }
    return out;
  }

  Row<Real> average(const Row<Real>& old, const Row<Real>& batch) const {
    return p_.momentum
               ? running_average(old, batch, static_cast<Real>(*p_.momentum))
               : cumulative_average(old, batch, p_.batches_tracked);
  }

  Outputs<Real> gradients(const Backward<Real>& r) const {
    return {{Output::dx, r.dx},
            {Output::dgamma, r.dgamma},
            {Output::dbeta, r.dbeta}};
  }

  Matrix<Real> matrix(Input name) const {
    return to_matrix<Real>(*p_.find(name), p_.channel_axis);
  }

  Row<Real> row(Input name) const {
    if (const Tensor* tensor = p_.find(name)) return to_row<Real>(*tensor);
    return Row<Real>::Constant(p_.view().channels,
                               static_cast<Real>(traits(name).absent));
  }

  const Problem& p_;
  Real eps_;
};

// Equal, except for the bits of a NaN.
template <class Real>
bool same(const Real& a, const Real& b) {
  return a == b ? std::signbit(a) == std::signbit(b) : a != a && b != b;
}

// On problems with any values, so that sums cancel and ranges are exceeded.
template <class Real>
void expect_the_same() {
  Draw draw(3);
  int values = 0;
  for (int trial = 0; trial < trials(400); ++trial) {
    for (const Operation operation : kOperations) {
      for (const DType dtype : kDTypes) {
        Problem p = any_problem(draw, operation, dtype);
        if (trial % 2 == 0) {
          // Channels on another axis, and long enough for halving.
          const auto m = static_cast<std::int64_t>(draw.below(40)) + 1;
          p.channel_axis = static_cast<int>(draw.below(3));
          p.inputs[Input::x] = drawn_wide_or_narrow(draw, dtype, {2, 3, m});
          for (auto& [name, tensor] : p.inputs) {
            if (name == Input::x) continue;
            tensor =
                drawn_wide_or_narrow(draw, tensor.dtype(), shape_of(p, name));
            if (name == Input::running_var) tensor = magnitudes(tensor);
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
  EXPECT_FALSE(textbook.output(Output::y_dot).empty());
  EXPECT_TRUE(textbook.output(Output::y).empty());
}

}  // namespace
}  // namespace exactbn::outputs_test
