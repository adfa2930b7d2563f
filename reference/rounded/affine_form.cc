// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded/affine_form.h"

#include "reference/exact/backward.h"

namespace exactbn {

namespace {

// A centred input: q (m in - sum), where sum is that of `in` over the batch.
struct Centred {
  Dyadic q;
  const Dyadic& sum;
};

// (p + (q_1 (m in_1 - sum_1) + ... + q_k (m in_k - sum_k)) / sqrt(V)) / d
AffineForm form_of(const Channel& ch, const Dyadic& p,
                   std::initializer_list<Centred> inputs, const Dyadic& d) {
  AffineForm form;
  Dyadic sums;
  for (const auto& [q, sum] : inputs) {
    form.slopes.push_back({0, q * ch.m, ch.root, d});
    sums += q * sum;
  }
  form.offset = {p, -sums, ch.root, d};
  return form;
}

// With V = root and xhat = (scale x - centre) / sqrt(V).
AffineForm form_of_y(const Channel& ch) {
  return {{{0, ch.gamma * ch.scale, ch.root, 1}},
          {ch.beta, -(ch.gamma * ch.centre), ch.root, 1}};
}

// dx = gamma [(m dy - D1) V - (m x - S1) m T] / (V sqrt(V))
AffineForm form_of_dx(const Channel& ch) {
  return form_of(ch, 0,
                 {{ch.gamma * ch.root, ch.sums.d1},
                  {-(ch.gamma * scaled_t(ch)), ch.sums.s1}},
                 ch.root);
}

AffineForm form_of_frozen_dx(const Channel& ch) {
  return {{{0, ch.gamma, ch.root, 1}}, {}};
}

// The numerators of second_order.cc, grouped by input.
AffineForm form_of_y_dot(const Channel& ch, const Direction& along) {
  const Dyadic& v = ch.root;
  const Dyadic by_x = along.gamma * v - ch.gamma * scaled_p(ch, along.sums);
  return form_of(ch, along.beta * v,
                 {{ch.gamma * v, along.sums.u1}, {by_x, ch.sums.s1}}, v);
}

AffineForm form_of_grad_x(const Channel& ch, const Direction& along) {
  const Dyadic& v = ch.root;
  const Dyadic t = scaled_t(ch);
  const Dyadic p = scaled_p(ch, along.sums);
  const Dyadic c = scaled_c(ch, along.sums);
  const Dyadic by_x = ch.gamma * (3 * t * p - v * c) - along.gamma * v * t;
  const Dyadic by_dy = v * (along.gamma * v - ch.gamma * p);
  const Dyadic by_u = -(ch.gamma * v * t);
  return form_of(
      ch, 0, {{by_x, ch.sums.s1}, {by_dy, ch.sums.d1}, {by_u, along.sums.u1}},
      v * v);
}

}  // namespace

AffineForm affine_form(Operation operation, Output output, const Channel& ch,
                       const Direction& along) {
  switch (output) {
    case Output::y:
      return form_of_y(ch);
    case Output::grad_x:
      return form_of_grad_x(ch, along);
    case Output::dx:
      return normalizes_by_batch(operation) ? form_of_dx(ch)
                                            : form_of_frozen_dx(ch);
    default:
      return form_of_y_dot(ch, along);  // grad_dy has the same form
  }
}

}  // namespace exactbn
