// SPDX-License-Identifier: Apache-2.0
// Laws of the forward derivative (JVP) and of the double backward.
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

constexpr std::string_view kHessian = "a Hessian is symmetric";

bool is_jvp(const Problem& p) {
  return p.operation == Operation::jvp_training && is_short(p);
}
bool is_double(const Problem& p) {
  return p.operation == Operation::double_backward_training && is_short(p);
}
bool has_along_gamma(const Problem& p) {
  return is_double(p) && p.find(Input::ddgamma);
}

// y does not depend on the scale of x except through epsilon: along x - mean,
// and hence along x, y_dot = gamma xhat eps / w.
void jvp_along_x(Trial& t) {
  Problem p = without(t.base().problem(), {Input::gamma_dot, Input::beta_dot});
  p.inputs[Input::x_dot] = p.x();
  const Observation* q = t.ask(std::move(p));
  if (q && q->has(Output::y_dot)) along_x(t, *q, Output::y_dot);
}

// The mean of y is beta for any x.
void sum_of_y_dot(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y_dot)) return;
  const Column y_dot = a.out(Output::y_dot);
  const Column beta_dot = a.in(Input::beta_dot);
  each_channel(a, [&](std::int64_t c) {
    t.zero(sum_of(a, c, y_dot) - count(a) * beta_dot(c), Output::y_dot,
           a.view().offset(c, 0));
  });
}

void jvp_of_the_parameters(Trial& t) {
  const Observation& a = t.base();
  const Observation* q =
      t.ask(without(a.problem(), {Input::gamma_dot, Input::beta_dot}));
  if (!q || !a.has(Output::y_dot) || !q->has(Output::y_dot)) return;
  const Column y_dot = a.out(Output::y_dot);
  const Column along_x_dot = q->out(Output::y_dot);
  const Column x = a.in(Input::x);
  const Column gamma_dot = a.in(Input::gamma_dot);
  const Column beta_dot = a.in(Input::beta_dot);
  const ChannelNumbers mean = means(a);
  const ChannelNumbers slope = slopes(a, gamma_dot);
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(
        y_dot(i) - along_x_dot(i) - slope(c) * (x(i) - mean(c)) - beta_dot(c),
        Output::y_dot, i);
  });
}

bool has_along_parameters(const Problem& p) {
  return is_jvp(p) && (p.find(Input::gamma_dot) || p.find(Input::beta_dot));
}

void grad_dy_is_the_jvp(Trial& t) {
  const Observation& a = t.base();
  const Problem& p = a.problem();
  Problem q = as(Operation::jvp_training, p);
  q.inputs[Input::x_dot] = p.inputs.at(Input::ddx);
  if (const Tensor* g = p.find(Input::ddgamma)) q.inputs[Input::gamma_dot] = *g;
  if (const Tensor* b = p.find(Input::ddbeta)) q.inputs[Input::beta_dot] = *b;
  const Observation* jvp = t.ask(std::move(q));
  if (!jvp || !jvp->has(Output::y_dot) || !a.has(Output::grad_dy)) return;
  const Column grad_dy = a.out(Output::grad_dy);
  const Column y_dot = jvp->out(Output::y_dot);
  each_value(a, [&](std::int64_t, std::int64_t i) {
    t.zero(grad_dy(i) - y_dot(i), Output::grad_dy, i);
  });
}

// gamma is a factor of dx and does not enter dgamma or dbeta.
void grad_gamma_is_along_dx(Trial& t) {
  const Observation& a = t.base();
  Problem p = as(Operation::backward_training, a.problem());
  p.inputs.erase(Input::gamma);
  const Observation* q = t.ask(std::move(p));
  if (!q || !q->has(Output::dx) || !a.has(Output::grad_gamma)) return;
  const Column grad_gamma = a.out(Output::grad_gamma);
  const Column ddx = a.in(Input::ddx);
  const Column dx = q->out(Output::dx);
  each_channel(a, [&](std::int64_t c) {
    const Number along =
        sum_of(a, c, [&](std::int64_t i) { return ddx(i) * dx(i); });
    t.zero(along - grad_gamma(c), Output::grad_gamma, c);
  });
}

// grad_x = H ddx if ddgamma and ddbeta are 0, so <v, H u> = <u, H v>. Holds for
// any v; this one is x reversed.
void hessian_is_symmetric(Trial& t) {
  Problem p = without(t.base().problem(), {Input::ddgamma, Input::ddbeta});
  const ChannelView view = p.view();
  std::vector<std::int64_t> backwards;
  for (std::int64_t k = view.count() - 1; k >= 0; --k) backwards.push_back(k);
  const Observation* of_u = t.ask(p);
  if (!of_u) return;
  p.inputs[Input::ddx] = reordered(p, backwards).problem.x();
  const Observation* of_v = t.ask(p);
  if (!of_v || !of_u->has(Output::grad_x) || !of_v->has(Output::grad_x)) return;
  const Column u_x = of_u->in(Input::ddx);
  const Column v_x = of_v->in(Input::ddx);
  const Column hu = of_u->out(Output::grad_x);
  const Column hv = of_v->out(Output::grad_x);
  each_channel(*of_u, [&](std::int64_t c) {
    const Number vhu =
        sum_of(*of_u, c, [&](std::int64_t i) { return v_x(i) * hu(i); });
    const Number uhv =
        sum_of(*of_u, c, [&](std::int64_t i) { return u_x(i) * hv(i); });
    t.zero(vhu - uhv, Output::grad_x, view.offset(c, 0));
  });
}

// The mixed derivative by x and gamma, in either order.
void mixed_derivative(Trial& t) {
  const Observation& a = t.base();
  Problem p = without(a.problem(), {Input::ddgamma, Input::ddbeta});
  const Observation* along_x = t.ask(p);
  if (!along_x) return;
  p.inputs[Input::ddgamma] = a.problem().inputs.at(Input::ddgamma);
  const Tensor u = p.inputs.at(Input::ddx);
  p.inputs[Input::ddx] = filled(u.dtype(), u.shape(), 0);
  const Observation* along_gamma = t.ask(p);
  if (!along_gamma || !along_x->has(Output::grad_gamma) ||
      !along_gamma->has(Output::grad_x)) {
    return;
  }
  const Column ddx = a.in(Input::ddx);
  const Column ddgamma = a.in(Input::ddgamma);
  const Column grad_x = along_gamma->out(Output::grad_x);
  const Column grad_gamma = along_x->out(Output::grad_gamma);
  each_channel(a, [&](std::int64_t c) {
    const Number by_x =
        sum_of(a, c, [&](std::int64_t i) { return ddx(i) * grad_x(i); });
    t.zero(by_x - ddgamma(c) * grad_gamma(c), Output::grad_x,
           a.view().offset(c, 0));
  });
}

// dx does not change when x is shifted.
void sum_of_grad_x(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::grad_x)) return;
  const Column grad_x = a.out(Output::grad_x);
  each_channel(a, [&](std::int64_t c) {
    t.zero(sum_of(a, c, grad_x), Output::grad_x, a.view().offset(c, 0));
  });
}

const Law kSecondOrderLaws[] = {
    {"jvp_along_x", "y_dot = gamma xhat eps / (var + eps) where x_dot = x",
     "scale cancels except for epsilon",
     "the derivative holds the mean or variance constant", is_jvp, jvp_along_x},
    {"sum_of_y_dot", "sum y_dot = m beta_dot", "the mean of y is beta",
     "the direction is not centred", is_jvp, sum_of_y_dot},
    {"jvp_of_the_parameters",
     "y_dot = y_dot(x_dot alone) + gamma_dot xhat + beta_dot",
     "y is affine in gamma and beta", "gamma_dot or beta_dot is ignored",
     has_along_parameters, jvp_of_the_parameters},
    {"grad_dy_is_the_jvp", "grad_dy = y_dot along ddx, ddgamma, ddbeta",
     "gradients are linear in dy, and their adjoint is the JVP",
     "the double backward belongs to another function", is_double,
     grad_dy_is_the_jvp},
    {"grad_gamma_is_along_dx", "grad_gamma = sum ddx dx(gamma = 1)",
     "dx is linear in gamma", "a term of grad_gamma is missing", is_double,
     grad_gamma_is_along_dx},
    {"hessian_is_symmetric", "sum v grad_x(u) = sum u grad_x(v)", kHessian,
     "a cross term of grad_x is missing, or has the wrong factor", is_double,
     hessian_is_symmetric},
    {"mixed_derivative", "sum u grad_x(ddgamma) = ddgamma grad_gamma(ddx = u)",
     kHessian, "ddgamma is ignored", has_along_gamma, mixed_derivative},
    {"sum_of_grad_x", "sum grad_x = 0", "dx does not change when x is shifted",
     "a term of grad_x is not centred", is_double, sum_of_grad_x},
};

}  // namespace

std::span<const Law> second_order_laws() { return kSecondOrderLaws; }

}  // namespace exactbn::law
