// SPDX-License-Identifier: Apache-2.0
// Laws of dx, dgamma and dbeta.
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

bool is_backward(const Problem& p) {
  return p.operation == Operation::backward_training && is_short(p);
}
bool is_any_backward(const Problem& p) {
  return is_short(p) && (p.operation == Operation::backward_training ||
                         p.operation == Operation::backward_inference);
}
bool is_linear_in_dy(const Problem& p) {
  return is_short(p) && p.find(Input::dy) && p.view().count() > 1;
}

void sum_of_dx(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dx)) return;
  const Column dx = a.out(Output::dx);
  each_channel(a, [&](std::int64_t c) {
    t.zero(sum_of(a, c, dx), Output::dx, a.view().offset(c, 0));
  });
}

// Uses x - mean instead of x, as sum dx = 0.
void dx_along_x(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dx) || !a.has(Output::dgamma)) return;
  const Column dx = a.out(Output::dx);
  const Column dgamma = a.out(Output::dgamma);
  const Column x = a.in(Input::x);
  const Column gamma = a.gamma();
  each_channel(a, [&](std::int64_t c) {
    const Number mean = a.mean(c);
    const Number along =
        sum_of(a, c, [&](std::int64_t i) { return dx(i) * (x(i) - mean); });
    t.zero(along - gamma(c) * a.epsilon() * squared(a.invstd(c)) * dgamma(c),
           Output::dx, a.view().offset(c, 0));
  });
}

// The mean that is subtracted: of the batch, or the running mean.
Number centre(const Observation& a, std::int64_t c) {
  return normalizes_by_batch(a.problem().operation)
             ? a.mean(c)
             : a.in(Input::running_mean)(c);
}

void dgamma_is_a_sum(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dgamma)) return;
  const Column dgamma = a.out(Output::dgamma);
  const Column x = a.in(Input::x);
  const Column dy = a.in(Input::dy);
  each_channel(a, [&](std::int64_t c) {
    const Number mean = centre(a, c);
    const Number sum =
        sum_of(a, c, [&](std::int64_t i) { return dy(i) * (x(i) - mean); });
    t.zero(sum * a.invstd(c) - dgamma(c), Output::dgamma, c);
  });
}

void dbeta_is_a_sum(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dbeta)) return;
  const Column dbeta = a.out(Output::dbeta);
  const Column dy = a.in(Input::dy);
  each_channel(a, [&](std::int64_t c) {
    t.zero(sum_of(a, c, dy) - dbeta(c), Output::dbeta, c);
  });
}

// Uses the returned sums, not the exact ones.
void dx_of_its_sums(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dx) || !a.has(Output::dgamma) || !a.has(Output::dbeta)) {
    return;
  }
  const Column dx = a.out(Output::dx);
  const Column dgamma = a.out(Output::dgamma);
  const Column dbeta = a.out(Output::dbeta);
  const Column x = a.in(Input::x);
  const Column dy = a.in(Input::dy);
  const Number m = count(a);
  const ChannelNumbers mean = means(a);
  const ChannelNumbers scale = scales(a);
  const ChannelNumbers slope = slopes(a, dgamma);
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(m * dx(i) -
               scale(c) * (m * dy(i) - dbeta(c) - (x(i) - mean(c)) * slope(c)),
           Output::dx, i);
  });
}

// dy at even (part 0) or odd (part 1) positions; the sum of both is exact.
Problem part_of_dy(const Problem& p, std::int64_t part) {
  Problem q = p;
  Tensor& dy = q.inputs.at(Input::dy);
  const ChannelView view = p.view();
  for (std::int64_t c = 0; c < view.channels; ++c) {
    std::int64_t k = 0;
    view.each_offset(c, [&](std::int64_t i) {
      if (k++ % 2 != part) dy.set_bits(i, 0);
    });
  }
  return q;
}

void linear_in_dy(Trial& t) {
  const Observation& a = t.base();
  const Observation* even = t.ask(part_of_dy(a.problem(), 0));
  if (!even) return;
  const Observation* odd = t.ask(part_of_dy(a.problem(), 1));
  if (!odd) return;
  for (const Output name : output_names(a.problem())) {
    // grad_dy does not depend on dy.
    if (name == Output::grad_dy || !a.has(name) || !even->has(name) ||
        !odd->has(name)) {
      continue;
    }
    const std::int64_t size =
        shaped_like_x(name) ? a.problem().x().size() : a.view().channels;
    const Column whole = a.out(name);
    const Column of_even = even->out(name);
    const Column of_odd = odd->out(name);
    for (std::int64_t i = 0; i < size; ++i) {
      t.zero(whole(i) - of_even(i) - of_odd(i), name, i);
    }
  }
}

// A constant dy only moves beta.
void constant_dy(Trial& t) {
  Problem p = t.base().problem();
  const Tensor& dy = p.inputs.at(Input::dy);
  if (!dy.finite(0)) return;
  p.inputs[Input::dy] = filled(dy.dtype(), dy.shape(), dy.value(0));
  const Observation* q = t.ask(std::move(p));
  if (!q) return;
  if (q->has(Output::dx)) {
    const Column dx = q->out(Output::dx);
    each_value(*q, [&](std::int64_t, std::int64_t i) {
      t.zero(dx(i), Output::dx, i);
    });
  }
  if (q->has(Output::dgamma)) {
    const Column dgamma = q->out(Output::dgamma);
    each_channel(*q,
                 [&](std::int64_t c) { t.zero(dgamma(c), Output::dgamma, c); });
  }
}

// dy = x stands for dy = xhat: dx is linear in dy, and a constant adds nothing.
void dy_along_xhat(Trial& t) {
  Problem p = t.base().problem();
  p.inputs[Input::dy] = p.x();
  const Observation* q = t.ask(std::move(p));
  if (q && q->has(Output::dx)) along_x(t, *q, Output::dx);
}

// With gamma = 0 nothing reaches x.
void linear_in_gamma(Trial& t) {
  const Observation& a = t.base();
  const Observation* q = t.ask(without(a.problem(), {Input::gamma}));
  if (!q) return;
  if (a.has(Output::dx) && q->has(Output::dx)) {
    const Column dx = a.out(Output::dx);
    const Column of_one = q->out(Output::dx);
    const Column gamma = a.gamma();
    each_value(a, [&](std::int64_t c, std::int64_t i) {
      t.zero(dx(i) - gamma(c) * of_one(i), Output::dx, i);
    });
  }
  compare(t, a, *q,
          [](Output output) { return output == Output::dx ? 0.0 : 1.0; });
}

bool has_gamma(const Problem& p) {
  return is_any_backward(p) && p.find(Input::gamma);
}

// Holds for any direction; this one is x, rotated by one position.
void adjoint_of_jvp(Trial& t) {
  const Observation& a = t.base();
  Problem p = as(Operation::jvp_training, a.problem());
  const std::int64_t m = a.m();
  std::vector<std::int64_t> moved(static_cast<std::size_t>(m));
  for (std::int64_t k = 0; k < m; ++k) {
    moved[static_cast<std::size_t>(k)] = (k + 1) % m;
  }
  p.inputs[Input::x_dot] = reordered(a.problem(), moved).problem.x();
  if (a.problem().find(Input::gamma)) {
    p.inputs[Input::gamma_dot] = a.problem().inputs.at(Input::gamma);
  }
  const Observation* q = t.ask(std::move(p));
  if (!q || !q->has(Output::y_dot) || !a.has(Output::dx) ||
      !a.has(Output::dgamma)) {
    return;
  }
  const Column dx = a.out(Output::dx);
  const Column dgamma = a.out(Output::dgamma);
  const Column dy = a.in(Input::dy);
  const Column y_dot = q->out(Output::y_dot);
  const Column x_dot = q->in(Input::x_dot);
  const Column gamma_dot = q->in(Input::gamma_dot);
  each_channel(a, [&](std::int64_t c) {
    const Number forward =
        sum_of(a, c, [&](std::int64_t i) { return dy(i) * y_dot(i); });
    const Number backward =
        sum_of(a, c, [&](std::int64_t i) { return dx(i) * x_dot(i); });
    t.zero(forward - backward - dgamma(c) * gamma_dot(c), Output::dx,
           a.view().offset(c, 0));
  });
}

// dx = gamma dy invstd, without x.
void frozen_dx(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::dx)) return;
  const Column dx = a.out(Output::dx);
  const Column dy = a.in(Input::dy);
  const ChannelNumbers scale = scales(a);
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(dx(i) - scale(c) * dy(i), Output::dx, i);
  });
}

bool is_frozen(const Problem& p) {
  return p.operation == Operation::backward_inference && is_short(p);
}

// Only if a format can represent the statistics of the batch.
void frozen_and_training(Trial& t) {
  const Observation& a = t.base();
  auto frozen = frozen_at_the_batch(a, Operation::backward_inference);
  if (!frozen) return;
  const Observation* q = t.ask(std::move(*frozen));
  if (!q) return;
  compare(t, a, *q,
          [](Output output) { return output == Output::dx ? 0.0 : 1.0; });
  if (!q->has(Output::dx) || !a.has(Output::dx) || !a.has(Output::dbeta) ||
      !a.has(Output::dgamma)) {
    return;
  }
  const Column frozen_dx = q->out(Output::dx);
  const Column dx = a.out(Output::dx);
  const Column dgamma = a.out(Output::dgamma);
  const Column dbeta = a.out(Output::dbeta);
  const Column x = a.in(Input::x);
  const Number m = count(a);
  const ChannelNumbers mean = means(a);
  const ChannelNumbers scale = scales(a);
  const ChannelNumbers slope = slopes(a, dgamma);
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    t.zero(m * (frozen_dx(i) - dx(i)) -
               scale(c) * (dbeta(c) + (x(i) - mean(c)) * slope(c)),
           Output::dx, i);
  });
}

const Law kGradientsLaws[] = {
    {"sum_of_dx_is_zero", "sum dx = 0: a preceding bias has no gradient",
     kPaperSection3,
     "the dbeta term is missing in dx, or divided by the wrong count",
     is_backward, sum_of_dx},
    {"dx_along_x", "sum dx (x - mean) = gamma dgamma eps / (var + eps)",
     "scale cancels except for epsilon",
     "the dgamma term is missing in dx, or has the wrong factor", is_backward,
     dx_along_x},
    {"dgamma_is_a_sum", "dgamma = sum dy (x - mean) invstd", kPaperSection3,
     "dgamma is scaled, divided by a count, or uses another mean",
     is_any_backward, dgamma_is_a_sum},
    {"dbeta_is_a_sum", "dbeta = sum dy", kPaperSection3,
     "dbeta is scaled, or skips values", is_any_backward, dbeta_is_a_sum},
    {"dx_of_its_sums",
     "dx = gamma invstd (dy - dbeta/m - xhat dgamma/m): staged equals compact",
     "the paper's stages, in one formula",
     "dx uses other sums than the returned ones", is_backward, dx_of_its_sums},
    {"linear_in_dy", "f(dy) = f(dy at even positions) + f(dy at odd ones)",
     "gradients are linear in dy",
     "the gradient contains data of an earlier call or from elsewhere",
     is_linear_in_dy, linear_in_dy},
    {"constant_dy_gives_nothing", "dx = 0 and dgamma = 0 where dy is constant",
     "a constant dy only moves beta", "dx or dgamma is not centred",
     is_backward, constant_dy},
    {"dy_along_xhat",
     "dx = gamma eps (x - mean) / (var + eps)^(3/2), if dy = x",
     "the derivative of a scale", "the dgamma term is missing in dx",
     is_backward, dy_along_xhat},
    {"linear_in_gamma",
     "dx = gamma dx(1); dgamma and dbeta do not contain gamma", kPaperSection3,
     "gamma is missing in dx, or appears in dgamma", has_gamma,
     linear_in_gamma},
    {"adjoint_of_the_jvp",
     "sum dy y_dot = sum dx x_dot + dgamma gamma_dot + dbeta beta_dot",
     "Griewank & Walther, Evaluating Derivatives, section 3",
     "forward and backward derivatives belong to different functions",
     is_backward, adjoint_of_jvp},
    {"frozen_dx", "dx = gamma dy invstd with frozen statistics, without x",
     "frozen statistics are constants",
     "frozen statistics use the training formula", is_frozen, frozen_dx},
    {"frozen_and_training",
     "dx frozen - dx = gamma invstd (dbeta/m + xhat dgamma/m)",
     "the statistics of a batch depend on x",
     "training uses the formula of frozen statistics, or vice versa",
     is_backward, frozen_and_training},
};

}  // namespace

std::span<const Law> gradient_laws() { return kGradientsLaws; }

}  // namespace exactbn::law
