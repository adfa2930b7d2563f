// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/_make_dual.h>
#include <ATen/ops/_unpack_dual.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/forward_grad.h>
#include <torch/version.h>

#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "tools/adapters/adapter.h"

namespace exactbn_adapter {
namespace {

at::ScalarType scalar_type(exactbn_dtype dtype) {
  switch (dtype) {
    case EXACTBN_F64:
      return at::kDouble;
    case EXACTBN_F32:
      return at::kFloat;
    case EXACTBN_F16:
      return at::kHalf;
    case EXACTBN_BF16:
      return at::kBFloat16;
    case EXACTBN_F8E4M3FN:
    case EXACTBN_F8E5M2:
      break;
  }
  throw Unsupported("a dtype that torch does not have");
}

exactbn_dtype dtype(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kDouble:
      return EXACTBN_F64;
    case at::kFloat:
      return EXACTBN_F32;
    case at::kHalf:
      return EXACTBN_F16;
    case at::kBFloat16:
      return EXACTBN_BF16;
    default:
      throw std::logic_error("torch answered in an unexpected dtype");
  }
}

at::Tensor borrowed(const exactbn_tensor& tensor) {
  return at::from_blob(const_cast<void*>(tensor.data),
                       {tensor.shape, static_cast<std::size_t>(tensor.rank)},
                       scalar_type(tensor.dtype));
}

// A copy: torch updates the running statistics in place.
at::Tensor loaded(const exactbn_tensor& tensor) {
  return borrowed(tensor).clone();
}

// A view of the case's own memory, with channels at axis 1; torch only reads
// it. At rank 4, channels that are last in memory run torch's channels-last
// kernels; any other axis but 1 runs its kernels for strided tensors.
at::Tensor activation(const exactbn_case& question,
                      const exactbn_tensor& tensor) {
  return borrowed(tensor).movedim(question.channel_axis, 1);
}

void put(exactbn_answer& answer, const char* name, const at::Tensor& tensor) {
  const at::Tensor dense = tensor.contiguous();
  exactbn_adapter::put(answer, name, dtype(dense), dense.data_ptr(),
                       dense.nbytes());
}

void put_activation(exactbn_answer& answer, const char* name,
                    const exactbn_case& question, const at::Tensor& tensor) {
  put(answer, name, tensor.movedim(1, question.channel_axis));
}

constexpr std::array kParameters = {"gamma",       "beta",      "running_mean",
                                    "running_var", "gamma_dot", "beta_dot",
                                    "ddgamma",     "ddbeta"};

// Torch accepts parameters in the format of x, or, for a 16-bit x, all of them
// in f32.
at::ScalarType parameter_type(const exactbn_case& question) {
  const exactbn_tensor& x = required(question, "x");
  if (width(x.dtype) != 2) return scalar_type(x.dtype);
  for (const char* name : kParameters) {
    const exactbn_tensor* parameter = exactbn_input(&question, name);
    if (parameter != nullptr && parameter->dtype != x.dtype) return at::kFloat;
  }
  return scalar_type(x.dtype);
}

// Undefined, as torch expects it, if the case has none.
at::Tensor parameter(const exactbn_case& question, const char* name) {
  const exactbn_tensor* tensor = exactbn_input(&question, name);
  if (tensor == nullptr) return {};
  const at::ScalarType type = parameter_type(question);
  if (scalar_type(tensor->dtype) == type) return loaded(*tensor);
  if (type == at::kDouble) return at::tensor(widened<double>(*tensor));
  return at::tensor(widened<float>(*tensor));
}

// The factor that torch.nn.BatchNorm passes: without a momentum, the share of
// this batch among all batches so far.
double momentum(const exactbn_case& question) {
  return question.cumulative != 0
             ? 1.0 / static_cast<double>(question.batches_tracked + 1)
             : question.momentum;
}

void forward_training(const exactbn_case& question, exactbn_answer& answer) {
  const at::Tensor running_mean = parameter(question, "running_mean");
  const at::Tensor running_var = parameter(question, "running_var");
  const auto [y, mean, invstd] = at::native_batch_norm(
      activation(question, required(question, "x")),
      parameter(question, "gamma"), parameter(question, "beta"), running_mean,
      running_var, /*training=*/true, momentum(question), question.epsilon);
  put(answer, "mean", mean);
  put(answer, "invstd", invstd);
  put_activation(answer, "y", question, y);
  if (running_mean.defined()) put(answer, "running_mean", running_mean);
  if (running_var.defined()) put(answer, "running_var", running_var);
}

void forward_inference(const exactbn_case& question, exactbn_answer& answer) {
  const at::Tensor y = std::get<0>(at::native_batch_norm(
      activation(question, required(question, "x")),
      parameter(question, "gamma"), parameter(question, "beta"),
      parameter(question, "running_mean"), parameter(question, "running_var"),
      /*training=*/false, /*momentum=*/0, question.epsilon));
  put_activation(answer, "y", question, y);
}

// The statistics of the backward pass: those that a forward pass saved, or the
// frozen ones.
struct Statistics {
  bool training;
  at::Tensor running_mean, running_var, save_mean, save_invstd;
};

Statistics saved_statistics(const exactbn_case& question) {
  const auto [y, mean, invstd] = at::native_batch_norm(
      activation(question, required(question, "x")),
      parameter(question, "gamma"), {}, {}, {}, /*training=*/true,
      /*momentum=*/0, question.epsilon);
  return {true, {}, {}, mean, invstd};
}

Statistics frozen_statistics(const exactbn_case& question) {
  return {false,
          parameter(question, "running_mean"),
          parameter(question, "running_var"),
          {},
          {}};
}

// Torch computes dgamma only if it is given a gamma. Without one, dx and dbeta
// come from a call without gamma, and dgamma from a call with ones.
void backward(const exactbn_case& question, exactbn_answer& answer,
              const Statistics& s) {
  const at::Tensor x = activation(question, required(question, "x"));
  const at::Tensor dy = activation(question, required_like_x(question, "dy"));
  const auto gradients = [&](const at::Tensor& gamma,
                             std::array<bool, 3> wanted) {
    return at::native_batch_norm_backward(
        dy, x, gamma, s.running_mean, s.running_var, s.save_mean, s.save_invstd,
        s.training, question.epsilon, wanted);
  };
  const at::Tensor gamma = parameter(question, "gamma");
  auto [dx, dgamma, dbeta] = gradients(gamma, {true, gamma.defined(), true});
  if (!gamma.defined()) {
    const at::Tensor ones = at::ones({x.size(1)}, parameter_type(question));
    dgamma = std::get<1>(gradients(ones, {false, true, false}));
  }
  put_activation(answer, "dx", question, dx);
  put(answer, "dgamma", dgamma);
  put(answer, "dbeta", dbeta);
}

// Owns a level of forward differentiation.
class ForwardLevel {
 public:
  ForwardLevel() : level_(torch::autograd::ForwardADLevel::get_next_idx()) {}
  ~ForwardLevel() { torch::autograd::ForwardADLevel::release_idx(level_); }
  ForwardLevel(const ForwardLevel&) = delete;
  ForwardLevel& operator=(const ForwardLevel&) = delete;

  at::Tensor dual(const at::Tensor& at, const at::Tensor& along) const {
    return at::_make_dual(at, along, index());
  }
  at::Tensor tangent(const at::Tensor& dual) const {
    return std::get<1>(at::_unpack_dual(dual, index()));
  }

 private:
  std::int64_t index() const { return static_cast<std::int64_t>(level_); }

  std::uint64_t level_;
};

// An absent gamma (beta) that has a direction is 1 (0).
void jvp_training(const exactbn_case& question, exactbn_answer& answer) {
  const ForwardLevel level;
  const auto dual = [&](const char* name, const char* direction,
                        double absent) {
    at::Tensor at = parameter(question, name);
    const at::Tensor along = parameter(question, direction);
    if (!along.defined()) return at;
    if (!at.defined()) at = at::full_like(along, absent);
    return level.dual(at, along);
  };
  const at::Tensor x =
      level.dual(activation(question, required(question, "x")),
                 activation(question, required_like_x(question, "x_dot")));
  const at::Tensor y = std::get<0>(at::native_batch_norm(
      x, dual("gamma", "gamma_dot", 1), dual("beta", "beta_dot", 0), {}, {},
      /*training=*/true, /*momentum=*/0, question.epsilon));
  put_activation(answer, "y_dot", question, level.tangent(y));
}

struct SecondOrder {
  at::Tensor grad_dy, grad_gamma, grad_x;
};

// The gradients of sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta), by
// autograd of autograd's gradients; grad_gamma only if there is a gamma.
SecondOrder second_order(const exactbn_case& question,
                         const at::Tensor& gamma) {
  using torch::autograd::grad;
  using Tensors = torch::autograd::variable_list;
  const auto leaf = [](const at::Tensor& tensor) {
    return tensor.detach().requires_grad_();
  };
  const at::Tensor x = leaf(activation(question, required(question, "x")));
  const at::Tensor dy =
      leaf(activation(question, required_like_x(question, "dy")));
  const at::Tensor beta =
      leaf(at::zeros({x.size(1)}, parameter_type(question)));
  Tensors leaves = {x, beta};
  Tensors weights = {activation(question, required_like_x(question, "ddx")),
                     parameter(question, "ddbeta")};
  at::Tensor slope = gamma;
  if (gamma.defined()) {
    slope = leaf(gamma);
    leaves.push_back(slope);
    weights.push_back(parameter(question, "ddgamma"));
  }
  const at::Tensor y = std::get<0>(
      at::native_batch_norm(x, slope, beta, {}, {}, /*training=*/true,
                            /*momentum=*/0, question.epsilon));
  const Tensors first = grad({y}, leaves, {dy}, /*retain_graph=*/true,
                             /*create_graph=*/true);
  Tensors outputs;
  Tensors along;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!weights[i].defined()) continue;
    outputs.push_back(first[i]);
    along.push_back(weights[i].to(first[i].scalar_type()));
  }
  Tensors by = {dy, x};
  if (slope.defined()) by.push_back(slope);
  Tensors found = grad(outputs, by, along, /*retain_graph=*/false,
                       /*create_graph=*/false, /*allow_unused=*/true);
  for (std::size_t i = 0; i < by.size(); ++i) {
    // An undefined gradient means 0.
    if (!found[i].defined()) found[i] = at::zeros_like(by[i]);
  }
  return {found[0], slope.defined() ? found[2] : at::Tensor(), found[1]};
}

// A direction of gamma, and grad_gamma, need a gamma; an absent one is ones.
void double_backward_training(const exactbn_case& question,
                              exactbn_answer& answer) {
  const at::Tensor ones =
      at::ones({required(question, "x").shape[question.channel_axis]},
               parameter_type(question));
  at::Tensor gamma = parameter(question, "gamma");
  if (!gamma.defined() && exactbn_input(&question, "ddgamma") != nullptr) {
    gamma = ones;
  }
  const SecondOrder found = second_order(question, gamma);
  put_activation(answer, "grad_dy", question, found.grad_dy);
  put_activation(answer, "grad_x", question, found.grad_x);
  put(answer, "grad_gamma",
      gamma.defined() ? found.grad_gamma
                      : second_order(question, ones).grad_gamma);
}

void answer(const exactbn_case& question, exactbn_answer& out) {
  const std::string_view operation = question.operation;
  if (operation == "jvp_training") return jvp_training(question, out);
  if (operation == "double_backward_training") {
    return double_backward_training(question, out);
  }
  // The other operations call the kernels directly, as autograd would.
  const c10::InferenceMode no_gradient_tape;
  if (operation == "forward_training") {
    forward_training(question, out);
  } else if (operation == "forward_inference") {
    forward_inference(question, out);
  } else if (operation == "backward_training") {
    backward(question, out, saved_statistics(question));
  } else if (operation == "backward_inference") {
    backward(question, out, frozen_statistics(question));
  } else {
    throw Unsupported("libtorch has no " + std::string(operation));
  }
}

exactbn_status run_case(const exactbn_case* question, exactbn_answer* out) {
  return status_of(*out, [&] {
    try {
      answer(*question, *out);
    } catch (const c10::Error& e) {
      const std::string text = e.what_without_backtrace();
      if (text.find("not implemented") != text.npos) throw Unsupported(text);
      throw std::runtime_error(text);
    }
  });
}

constexpr const char* kDeclaration =
    R"({"subject":"libtorch )" TORCH_VERSION R"(",)"
    R"("operations":["forward_training","forward_inference",)"
    R"("backward_training","backward_inference","jvp_training",)"
    R"("double_backward_training"],)"
    R"("dtypes":["f64","f32","bf16"],)"
    R"("outputs":{"forward_training":)"
    R"(["y","mean","invstd","running_mean","running_var"],)"
    R"("forward_inference":["y"],)"
    R"("backward_training":["dx","dgamma","dbeta"],)"
    R"("backward_inference":["dx","dgamma","dbeta"],)"
    R"("jvp_training":["y_dot"],"double_backward_training":)"
    R"(["grad_dy","grad_gamma","grad_x"]},)"
    R"("running_variance":"unbiased","single_value":"nan",)"
    R"("zero_variance":"zero","subnormals":"keep"})";

}  // namespace
}  // namespace exactbn_adapter

EXACTBN_EXPORT const exactbn_plugin* exactbn_get_plugin(void) {
  static const exactbn_plugin plugin = {EXACTBN_PLUGIN_ABI,
                                        exactbn_adapter::kDeclaration,
                                        exactbn_adapter::run_case};
  return &plugin;
}
