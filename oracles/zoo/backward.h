// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/zoo/affine.h"
#include "oracles/zoo/statistics.h"

namespace exactbn::zoo {

template <class W>
struct BackwardInput {
  const Values<W>& x;
  const Values<W>& dy;
  W gamma;
  Normalizer<W> n;
  Order order;  // of all sums

  std::int64_t size() const { return std::ssize(x); }
  W m() const { return static_cast<W>(x.size()); }
  W d(std::int64_t i) const { return x[static_cast<std::size_t>(i)] - n.mean; }
  W g(std::int64_t i) const { return dy[static_cast<std::size_t>(i)]; }
  template <class Term>
  W sum_of(const Term& term) const {
    return sum<W>(order, size(), term);
  }
};

template <class W>
struct Gradients {
  Values<W> dx;
  W dgamma = 0;
  W dbeta = 0;
};

// dx = gamma s (dy - dbeta / m - xhat dgamma / m)
template <class W>
Gradients<W> compact(const BackwardInput<W>& in) {
  const W s = in.n.invstd;
  Gradients<W> out;
  out.dbeta = in.sum_of([&](std::int64_t i) { return in.g(i); });
  out.dgamma =
      in.sum_of([&](std::int64_t i) { return in.g(i) * (in.d(i) * s); });
  const W mean_g = out.dbeta / in.m();
  const W mean_t = out.dgamma / in.m();
  for (std::int64_t i = 0; i < in.size(); ++i) {
    out.dx.push_back((in.g(i) - mean_g - (in.d(i) * s) * mean_t) *
                     (in.gamma * s));
  }
  return out;
}

// The stages of Ioffe & Szegedy 2015, section 3: through the gradients of the
// statistics.
template <class W>
Gradients<W> staged(const BackwardInput<W>& in) {
  const W s = in.n.invstd;
  const auto dxhat = [&](std::int64_t i) { return in.g(i) * in.gamma; };
  const W dvar = in.sum_of([&](std::int64_t i) { return dxhat(i) * in.d(i); }) *
                 (W(-0.5) * (s * s * s));
  const W dmean =
      -in.sum_of(dxhat) * s + dvar * (W(-2) * in.sum_of([&](std::int64_t i) {
                                return in.d(i);
                              }) / in.m());
  Gradients<W> out;
  out.dbeta = in.sum_of([&](std::int64_t i) { return in.g(i); });
  out.dgamma =
      in.sum_of([&](std::int64_t i) { return in.g(i) * (in.d(i) * s); });
  for (std::int64_t i = 0; i < in.size(); ++i) {
    out.dx.push_back(dxhat(i) * s + dvar * (W(2) * in.d(i) / in.m()) +
                     dmean / in.m());
  }
  return out;
}

// Like compact, but with s outside the sum and 1/w instead of two factors xhat.
template <class W>
Gradients<W> centred_products(const BackwardInput<W>& in) {
  const W s = in.n.invstd;
  const W t = in.sum_of([&](std::int64_t i) { return in.d(i) * in.g(i); });
  Gradients<W> out;
  out.dbeta = in.sum_of([&](std::int64_t i) { return in.g(i); });
  out.dgamma = t * s;
  const W k = t * s * s / in.m();
  const W mean_g = out.dbeta / in.m();
  for (std::int64_t i = 0; i < in.size(); ++i) {
    out.dx.push_back((in.g(i) - mean_g - in.d(i) * k) * s * in.gamma);
  }
  return out;
}

// dx = a dy + b x + c, with dgamma from sum dy x, as in a single pass over the
// data.
template <class W>
Gradients<W> coefficients(const BackwardInput<W>& in) {
  const W s = in.n.invstd;
  Gradients<W> out;
  out.dbeta = in.sum_of([&](std::int64_t i) { return in.g(i); });
  const W products = in.sum_of([&](std::int64_t i) {
    return in.g(i) * in.x[static_cast<std::size_t>(i)];
  });
  out.dgamma = (products - in.n.mean * out.dbeta) * s;
  const W a = in.gamma * s;
  const W b = -a * s * (out.dgamma / in.m());
  const W c = -b * in.n.mean - a * (out.dbeta / in.m());
  for (std::int64_t i = 0; i < in.size(); ++i) {
    out.dx.push_back(a * in.g(i) + b * in.x[static_cast<std::size_t>(i)] + c);
  }
  return out;
}

template <class W>
struct GradientFormula {
  std::string_view name;
  Gradients<W> (*run)(const BackwardInput<W>&);
};

template <class W>
inline constexpr std::array<GradientFormula<W>, 4> kGradientFormulas = {
    {{"compact", compact<W>},
     {"staged", staged<W>},
     {"centred products", centred_products<W>},
     {"coefficients", coefficients<W>}}};

}  // namespace exactbn::zoo
