// SPDX-License-Identifier: Apache-2.0
#include "oracles/defects/model.h"

#include <cmath>

#include "oracles/judge.h"
#include "oracles/subject.h"
#include "reference/format.h"

namespace exactbn {

namespace {

WideMatrix gather(const Tensor& tensor, const ChannelView& view) {
  WideMatrix a(view.count(), view.channels);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    for (std::int64_t k = 0; k < view.count(); ++k) {
      a(k, c) = tensor.value(view.offset(c, k));
    }
  }
  return a;
}

Tensor scatter(const WideMatrix& a, const ChannelView& view, DType dtype,
               const Shape& shape) {
  Tensor tensor(dtype, shape);
  with_dtype(dtype, [&]<DType d>() {
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < view.count(); ++k) {
        tensor.set_bits(view.offset(c, k),
                        round_to<d>(static_cast<double>(a(k, c))));
      }
    }
  });
  return tensor;
}

template <class Stage, class... Arguments>
void apply(Stage stage, Arguments&... arguments) {
  if (stage) stage(arguments...);
}

bool all_finite(const WideMatrix& a) {
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a(i))) return false;
  }
  return true;
}

}  // namespace

BatchStatistics<Wide> statistics_of(const WideMatrix& x) {
  return batch_statistics<Wide>(x);
}

Pass::Pass(const Problem& p, Order summed_in, RunningVariance divided)
    : problem(p),
      order(summed_in),
      divisor(divided),
      working(working_format(p, {})),
      view(p.view()),
      dy_view(view),
      epsilon(p.epsilon) {}

void Pass::read() {
  const auto matrix = [&](Input input, const ChannelView& of) {
    const Tensor* tensor = problem.find(input);
    return tensor ? gather(*tensor, of) : WideMatrix();
  };
  const auto row = [&](Input input) -> WideRow {
    const Tensor* tensor = problem.find(input);
    return tensor ? to_row<Wide>(*tensor)
                  : WideRow(
                        WideRow::Constant(view.channels, traits(input).absent));
  };
  const auto& along = traits(problem.operation).direction;
  m = static_cast<Wide>(view.count());
  x = matrix(Input::x, view);
  dy = matrix(Input::dy, dy_view);
  gamma = row(Input::gamma);
  beta = row(Input::beta);
  if (along) {
    u = matrix(along->x, view);
    along_gamma = row(along->gamma);
    along_beta = row(along->beta);
  }
  old_mean = row(Input::running_mean);
  old_var = row(Input::running_var);
}

void Pass::find_statistics() {
  if (trains()) {
    const auto batch = statistics_of(x);
    mean = batch.mean;
    var = batch.var;
  } else {
    mean = old_mean;
    var = old_var;
  }
}

WideRow Pass::for_running(const WideRow& biased) const {
  return divisor == RunningVariance::biased ? biased
                                            : unbiased(biased, view.count());
}

void Pass::normalize() {
  invstd = Wide{1} / standard_deviation<Wide>(var, epsilon);
  xhat = (x.rowwise() - mean).rowwise() * invstd;
}

void Pass::reduce() {
  mean_dy = mean_dy_xhat = WideRow::Zero(view.channels);
  if (dy.size() != 0) {
    dbeta = channel_sum<Wide>(dy);
    dgamma = channel_sum<Wide>(dy * xhat);
    if (trains()) {
      mean_dy = dbeta / m;
      mean_dy_xhat = dgamma / m;
    }
  }
  if (u.size() != 0) {
    mean_u = channel_sum<Wide>(u) / m;
    mean_u_xhat = channel_sum<Wide>(u * xhat) / m;
  }
  if (u.size() != 0 && dy.size() != 0) {
    mean_u_dy = channel_sum<Wide>(u * (dy.rowwise() - mean_dy)) / m;
  }
}

WideOutputs Pass::outputs() const {
  switch (problem.operation) {
    case Operation::forward_inference:
      return {{Output::y, (xhat.rowwise() * gamma).rowwise() + beta}};
    case Operation::forward_training: {
      const auto average = [&](const WideRow& old, const WideRow& batch) {
        return weight_old * old + weight_new * batch;
      };
      WideOutputs out = {
          {Output::mean, mean},
          {Output::var, var},
          {Output::invstd, invstd},
          {Output::y, (xhat.rowwise() * gamma).rowwise() + beta}};
      if (problem.find(Input::running_mean)) {
        out[Output::running_mean] = average(old_mean, batch_mean);
      }
      if (problem.find(Input::running_var)) {
        out[Output::running_var] = average(old_var, batch_var);
      }
      return out;
    }
    default:
      break;
  }
  const WideRow scale = gamma * invstd;
  // Removes from a direction v its parts along 1 and xhat: from dy in dx, and
  // from u in y_dot. A zero part along xhat stays zero even if xhat is
  // infinite: frozen statistics do not depend on x.
  const auto project = [&](const WideMatrix& v, const WideRow& along_1,
                           const WideRow& along_xhat) {
    WideMatrix rest = v.rowwise() - along_1;
    for (Eigen::Index c = 0; c < v.cols(); ++c) {
      if (along_xhat(c) != 0) rest.col(c) -= xhat.col(c) * along_xhat(c);
    }
    return rest;
  };
  if (u.size() == 0) {
    const WideMatrix g = project(dy, mean_dy, mean_dy_xhat);
    return {{Output::dbeta, dbeta},
            {Output::dgamma, dgamma},
            {Output::dx, g.rowwise() * scale}};
  }
  const WideMatrix h = project(u, mean_u, mean_u_xhat);
  const WideMatrix through_xhat = h.rowwise() * scale;
  const WideMatrix through_gamma = xhat.rowwise() * along_gamma;
  const WideMatrix y_dot =
      (through_xhat + through_gamma).rowwise() + along_beta;
  if (dy.size() == 0) return {{Output::y_dot, y_dot}};
  const WideMatrix g = project(dy, mean_dy, mean_dy_xhat);
  const WideMatrix cubic =
      xhat.rowwise() * WideRow(weights[0] * mean_u_dy) +
      (dy.rowwise() - mean_dy).rowwise() * WideRow(weights[1] * mean_u_xhat) +
      (u.rowwise() - mean_u).rowwise() * WideRow(weights[2] * mean_dy_xhat) -
      xhat.rowwise() * WideRow(third * mean_dy_xhat * mean_u_xhat);
  const WideMatrix grad_x = g.rowwise() * WideRow(along_gamma * invstd) -
                            cubic.rowwise() * WideRow(scale * invstd);
  return {{Output::grad_dy, y_dot},
          {Output::grad_gamma,
           m * invstd * (mean_u_dy - mean_dy_xhat * mean_u_xhat)},
          {Output::grad_x, grad_x}};
}

OutputTensors answer_of(const Model& model, const Problem& problem, Order order,
                        Memory& memory, RunningVariance divisor) {
  Problem asked;
  if (model.asked) {
    asked = problem;
    model.asked(asked);
  }
  Pass pass(model.asked ? asked : problem, order, divisor);
  apply(model.laid_out, pass);
  pass.read();
  apply(model.read, pass);
  pass.find_statistics();
  apply(model.statistics, pass);
  const Problem& p = pass.problem;
  pass.batch_mean = pass.mean;
  pass.batch_var = pass.for_running(pass.var);
  pass.weight_new = p.momentum
                        ? Wide{*p.momentum}
                        : Wide{1} / (static_cast<Wide>(p.batches_tracked) + 1);
  pass.weight_old = 1 - pass.weight_new;
  apply(model.averaged, pass);
  pass.normalize();
  apply(model.normalized, pass);
  pass.reduce();
  apply(model.reduced, pass);
  WideOutputs outputs = pass.outputs();
  apply(model.computed, pass, outputs);
  if (model.recalled) {
    model.recalled(memory, pass, outputs);
    memory.last[p.operation] = outputs;
    memory.poisoned = memory.poisoned || !all_finite(pass.x);
  }
  OutputTensors tensors;
  for (const Output name : output_names(problem)) {
    const bool like_x = shaped_like_x(name);
    const Shape shape = shape_of(problem, name);
    tensors.emplace(name, scatter(outputs.at(name),
                                  like_x ? pass.view : ChannelView(shape, 0),
                                  output_format(problem, name), shape));
  }
  apply(model.rounded, problem, tensors);
  return tensors;
}

}  // namespace exactbn
