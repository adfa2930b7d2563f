// SPDX-License-Identifier: Apache-2.0
//
// Laws of whole problems: layouts, channels, frozen and running statistics.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "properties/generators.h"
#include "properties/testing/exact_channel.h"
#include "reference/exact.h"
#include "reference/exact/running.h"

namespace exactbn::problem_laws_test {
namespace {

// Every output of the problem, in the format of x.
OutputTensors answer(const Problem& problem) {
  const ExactBatchNorm exact(problem);
  OutputTensors outputs;
  for (const Output name : output_names(problem)) {
    outputs.emplace(name, exact.rounded(name, problem.x().dtype()));
  }
  return outputs;
}

// Axis k of the result is axis order[k] of the tensor.
Tensor transposed(const Tensor& tensor, const std::vector<std::size_t>& order) {
  const std::size_t rank = order.size();
  std::vector<std::int64_t> stride(rank, 1);
  for (std::size_t k = rank - 1; k > 0; --k) {
    stride[k - 1] = stride[k] * tensor.shape()[k];
  }
  Shape shape;
  for (const std::size_t axis : order) shape.push_back(tensor.shape()[axis]);
  Tensor result(tensor.dtype(), shape);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    std::int64_t rest = i;
    std::int64_t from = 0;
    for (std::size_t k = rank; k-- > 0;) {
      from += rest % shape[k] * stride[order[k]];
      rest /= shape[k];
    }
    result.set_bits(i, tensor.bits(from));
  }
  return result;
}

template <class Name>
TensorsBy<Name> transposed(TensorsBy<Name> tensors,
                           const std::vector<std::size_t>& order) {
  for (auto& [name, tensor] : tensors) {
    if (shaped_like_x(name)) tensor = transposed(tensor, order);
  }
  return tensors;
}

// NCHW, NHWC and any other order of the axes give the same bits.
RC_GTEST_PROP(ProblemLaws, LayoutDoesNotMatter, ()) {
  Draw draw = *draws();
  const Operation operation = *rc::gen::elementOf(kOperations);
  const Problem p = draw_problem(draw, operation, *dtypes());
  std::vector<std::size_t> order(p.x().shape().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = order.size(); k > 1; --k) {
    std::swap(order[k - 1], order[draw.below(k)]);
  }
  Problem q = p;
  q.inputs = transposed(p.inputs, order);
  const auto channel = static_cast<std::size_t>(p.channel_axis);
  q.channel_axis = static_cast<int>(
      std::find(order.begin(), order.end(), channel) - order.begin());
  RC_ASSERT(answer(q) == transposed(answer(p), order));
}

// BN of N x C x H x W equals BN of the (N H W) x C matrix.
RC_GTEST_PROP(ProblemLaws, EachChannelStandsAlone, ()) {
  const Operation operation = *rc::gen::elementOf(kOperations);
  const Problem p = *problems(operation);
  const OutputTensors all = answer(p);
  const ChannelView view = p.view();
  const auto column = [&](const auto& tensors, std::int64_t c) {
    std::decay_t<decltype(tensors)> picked;
    for (const auto& [name, tensor] : tensors) {
      const bool large = shaped_like_x(name);
      const std::int64_t size = large ? view.count() : 1;
      Tensor t(tensor.dtype(), large ? Shape{size, 1} : Shape{1});
      for (std::int64_t k = 0; k < size; ++k) {
        t.set_bits(k, tensor.bits(large ? view.offset(c, k) : c));
      }
      picked.emplace(name, std::move(t));
    }
    return picked;
  };
  for (std::int64_t c = 0; c < view.channels; ++c) {
    Problem one = p;
    one.channel_axis = 1;
    one.inputs = column(p.inputs, c);
    RC_ASSERT(answer(one) == column(all, c));
  }
}

// Integers with m = 4: f64 represents the mean and variance exactly.
Problem draw_integers(Draw& draw, Operation operation) {
  Problem p;
  p.operation = operation;
  p.epsilon = 0.5;
  Tensor x(DType::f64, {4, 3});
  Tensor dy = x;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto integer = [&] {
      return round_to(static_cast<double>(draw.below(2001)) - 1000, DType::f64);
    };
    x.set_bits(i, integer());
    dy.set_bits(i, integer());
  }
  p.inputs.emplace(Input::x, std::move(x));
  p.inputs.emplace(Input::dy, std::move(dy));
  p.inputs.emplace(Input::gamma,
                   make_tensor(DType::f64, {3}, std::array{1.25, -3.0, 0.5}));
  return p;
}

// The problem with the statistics of its batch as constants.
Problem frozen_at_the_batch(const Problem& p, Operation operation) {
  Problem training = p;
  training.operation = Operation::forward_training;
  training.inputs.erase(Input::dy);
  const ExactBatchNorm exact(training);
  Problem frozen = p;
  frozen.operation = operation;
  frozen.inputs.emplace(Input::running_mean,
                        exact.rounded(Output::mean, DType::f64));
  frozen.inputs.emplace(Input::running_var,
                        exact.rounded(Output::var, DType::f64));
  return frozen;
}

RC_GTEST_PROP(ProblemLaws, InferenceWithTheBatchStatisticsIsTraining, ()) {
  Draw draw = *draws();
  Problem p = draw_integers(draw, Operation::forward_training);
  p.inputs.erase(Input::dy);
  const Problem q = frozen_at_the_batch(p, Operation::forward_inference);
  RC_ASSERT(answer(q).at(Output::y) == answer(p).at(Output::y));
}

// The parameters have the same gradients, x does not: batch statistics depend
// on x, frozen ones do not.
RC_GTEST_PROP(ProblemLaws, FrozenDxDiffersFromTheTrainingDx, ()) {
  Draw draw = *draws();
  const Problem p = draw_integers(draw, Operation::backward_training);
  const Problem q = frozen_at_the_batch(p, Operation::backward_inference);
  const ExactBatchNorm training(p);
  const ExactBatchNorm frozen(q);
  RC_ASSERT(frozen.rounded(Output::dgamma, DType::f64) ==
            training.rounded(Output::dgamma, DType::f64));
  RC_ASSERT(frozen.rounded(Output::dbeta, DType::f64) ==
            training.rounded(Output::dbeta, DType::f64));
  // The training dx sums to 0; with d1 != 0 the frozen dx does not.
  RC_PRE(training.channel(0).sums.d1.sign() != 0);
  RC_ASSERT(frozen.rounded(Output::dx, DType::f64) !=
            training.rounded(Output::dx, DType::f64));
}

// dx = gamma dy / sqrt(running_var + eps), squared; it does not contain x.
RC_GTEST_PROP(ProblemLaws, FrozenDxIsGammaDyOverTheDeviation, ()) {
  const Problem p = *problems(Operation::backward_inference);
  const ExactBatchNorm exact(p);
  const Tensor& dy = *p.find(Input::dy);
  for (std::int64_t i = 0; i < dy.size(); ++i) {
    const std::int64_t c = p.view().channel(i);
    const Dyadic root =
        p.find(Input::running_var)->exact(c) + dyadic(p.epsilon);
    if (root.sign() == 0) continue;
    const Dyadic gamma =
        p.find(Input::gamma) ? p.find(Input::gamma)->exact(c) : 1;
    const Dyadic numerator = gamma * dy.exact(i);
    const Surd dx = exact.at(Output::dx, i).value;
    RC_ASSERT(sign(dx) == numerator.sign());
    RC_ASSERT(dx.p.sign() == 0);
    RC_ASSERT(dx.q * dx.q * root == numerator * numerator * dx.w * dx.d * dx.d);
  }
}

// The exact value of p / d, where d is a power of 2.
Dyadic quotient(const Surd& s) {
  RC_ASSERT((s.d.n & (s.d.n - 1)).is_zero());
  return {s.p.n, s.p.e - s.d.e - (bit_length(s.d.n) - 1)};
}

// k equal batches: r_k = alpha^k r_0 + (1 - alpha^k) batch, alpha being the
// weight of the old value.
RC_GTEST_PROP(ProblemLaws, RunningStatisticsDecayGeometrically, ()) {
  Draw draw = *draws();
  const std::size_t m = std::size_t{1} << (1 + draw.below(4));
  const ExactChannel ch(draw_exact(draw, m), draw_exact(draw, m), 1);
  const Dyadic momentum(static_cast<std::int64_t>(draw.below(9)), -3);
  const Weight weight = {momentum, 1};
  const Dyadic mean0 = draw_exact(draw, 1)[0];
  const Dyadic var0 = draw_exact(draw, 1)[0];
  const Dyadic batch_mean = quotient(mean(ch.shared));
  const Dyadic batch_var = quotient(variance(ch.shared));

  Dyadic mean_k = mean0;
  Dyadic var_k = var0;
  Dyadic decay = 1;
  for (int k = 0; k < 5; ++k) {
    mean_k = quotient(running_mean(ch.shared, mean_k, weight));
    var_k = quotient(running_var_biased(ch.shared, var_k, weight));
    decay = decay * (1 - momentum);
    RC_ASSERT(mean_k == decay * mean0 + (1 - decay) * batch_mean);
    RC_ASSERT(var_k == decay * var0 + (1 - decay) * batch_var);
  }
}

// running_var_unbiased - (1 - momentum) old = momentum v m / (m - 1)
RC_GTEST_PROP(ProblemLaws, UnbiasedRunningVarianceIsMOverMMinusOne, ()) {
  Draw draw = *draws();
  const std::size_t m = 2 + draw.below(10);
  const ExactChannel ch(draw_exact(draw, m), draw_exact(draw, m), 1);
  const Dyadic old = draw_exact(draw, 1)[0];
  const Weight weight = {{1, -3}, 1};
  const auto update = [&](const Surd& s) {
    return Surd{s.p * 8 - s.d * old * 7, 0, 1, s.d * 8};
  };
  Surd biased = update(running_var_biased(ch.shared, old, weight));
  Surd unbiased = update(running_var_unbiased(ch.shared, old, weight));
  biased.p = biased.p * ch.shared.m;
  unbiased.p = unbiased.p * (ch.shared.m - 1);
  RC_ASSERT(same(biased, unbiased));
}

}  // namespace
}  // namespace exactbn::problem_laws_test
