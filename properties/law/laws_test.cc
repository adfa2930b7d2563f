// SPDX-License-Identifier: Apache-2.0
//
// Laws of the definition of batch normalization, on exact numbers. With
// y = beta + gamma q / sqrt(root) a law about y is one about integers q.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "properties/generators.h"
#include "properties/testing/exact_channel.h"
#include "reference/exact.h"

namespace exactbn::laws_test {
namespace {

std::vector<Dyadic> map(const std::vector<Dyadic>& values,
                        const std::function<Dyadic(const Dyadic&)>& f) {
  std::vector<Dyadic> result;
  for (const Dyadic& value : values) result.push_back(f(value));
  return result;
}

Dyadic draw_epsilon(Draw& draw) {
  return {static_cast<std::int64_t>(1 + draw.below(1000)),
          -static_cast<std::int64_t>(draw.below(60))};
}

ExactChannel draw_exact_channel(Draw& draw) {
  const std::size_t m = 1 + draw.below(12);
  ExactChannel ch(draw_exact(draw, m), draw_exact(draw, m), draw_epsilon(draw));
  ch.shared.gamma = draw_exact(draw, 1)[0];
  ch.shared.beta = draw_exact(draw, 1)[0];
  return ch;
}

// The same gamma and beta with other numbers.
ExactChannel with(const ExactChannel& ch, std::vector<Dyadic> x,
                  std::vector<Dyadic> dy, const Dyadic& epsilon) {
  ExactChannel other(std::move(x), std::move(dy), epsilon);
  other.shared.gamma = ch.shared.gamma;
  other.shared.beta = ch.shared.beta;
  return other;
}

// The sum of surds that share root and d.
Surd total(std::size_t m, const std::function<Surd(std::size_t)>& term) {
  Surd sum = term(0);
  for (std::size_t i = 1; i < m; ++i) {
    const Surd next = term(i);
    RC_ASSERT(next.w == sum.w && next.d == sum.d);
    sum.p += next.p;
    sum.q += next.q;
  }
  return sum;
}

RC_GTEST_PROP(Laws, MeanOfYIsBeta, ()) {
  Draw draw = *draws();
  const ExactChannel ch = draw_exact_channel(draw);
  const Surd sum = total(ch.x.size(), [&](std::size_t i) { return ch.y(i); });
  RC_ASSERT(sum.q.sign() == 0);
  RC_ASSERT(sum.p == ch.shared.m * ch.shared.beta * sum.d);
}

// mean (y - beta)^2 = gamma^2 v / (v + eps)
RC_GTEST_PROP(Laws, MeanSquareOfXhatIsVOverW, ()) {
  Draw draw = *draws();
  const ExactChannel ch = draw_exact_channel(draw);
  Dyadic squares;
  for (std::size_t i = 0; i < ch.x.size(); ++i) {
    squares += ch.y(i).q * ch.y(i).q;
  }
  const Surd v = variance(ch.shared);
  const Surd w_ = w_of(ch.shared);
  const Dyadic gamma = ch.shared.gamma;
  RC_ASSERT(squares * w_.p * v.d ==
            gamma * gamma * v.p * w_.d * ch.shared.m * ch.shared.root);
}

RC_GTEST_PROP(Laws, ShiftOfXChangesTheMeanAlone, ()) {
  Draw draw = *draws();
  const ExactChannel a = draw_exact_channel(draw);
  const Dyadic b = draw_exact(draw, 1)[0];
  const ExactChannel moved = with(
      a, map(a.x, [&](const Dyadic& x) { return x + b; }), a.dy, a.epsilon);
  RC_ASSERT(same(variance(a.shared), variance(moved.shared)));
  RC_ASSERT(same(dgamma(a.shared), dgamma(moved.shared)));
  const Surd old = mean(a.shared);
  RC_ASSERT(same(mean(moved.shared), Surd{old.p + b * old.d, 0, 1, old.d}));
  for (std::size_t i = 0; i < a.x.size(); ++i) {
    RC_ASSERT(same(a.y(i), moved.y(i)));
    RC_ASSERT(same(a.dx(i), moved.dx(i)));
  }
}

// Scaling x and sqrt(eps) by s leaves y unchanged and divides dx by s.
RC_GTEST_PROP(Laws, ScaleOfXCancels, ()) {
  Draw draw = *draws();
  const ExactChannel a = draw_exact_channel(draw);
  const Dyadic s(static_cast<std::int64_t>(1 + draw.below(100)), -3);
  const ExactChannel scaled =
      with(a, map(a.x, [&](const Dyadic& x) { return x * s; }), a.dy,
           a.epsilon * s * s);
  RC_ASSERT(same(dgamma(a.shared), dgamma(scaled.shared)));
  for (std::size_t i = 0; i < a.x.size(); ++i) {
    RC_ASSERT(same(a.y(i), scaled.y(i)));
    Surd dx = scaled.dx(i);
    dx.q = dx.q * s;
    RC_ASSERT(same(a.dx(i), dx));
  }
}

// A preceding bias has no gradient.
RC_GTEST_PROP(Laws, SumOfDxIsZero, ()) {
  Draw draw = *draws();
  const ExactChannel ch = draw_exact_channel(draw);
  const Surd sum = total(ch.x.size(), [&](std::size_t i) { return ch.dx(i); });
  RC_ASSERT(sign(sum) == 0);
}

// sum dx x = gamma dgamma eps / w: scale cancels except for eps.
RC_GTEST_PROP(Laws, DxIsOrthogonalToXExceptForEpsilon, ()) {
  Draw draw = *draws();
  const ExactChannel ch = draw_exact_channel(draw);
  const Surd along = total(ch.x.size(), [&](std::size_t i) {
    Surd term = ch.dx(i);
    term.q = term.q * ch.x[i];
    return term;
  });
  Surd expected = dgamma(ch.shared);
  const Surd w_ = w_of(ch.shared);
  expected.q = expected.q * ch.shared.gamma * ch.epsilon * w_.d;
  expected.d = expected.d * w_.p;
  RC_ASSERT(same(along, expected));
}

RC_GTEST_PROP(Laws, DgammaIsTheSumOfDyXhat, ()) {
  Draw draw = *draws();
  ExactChannel ch = draw_exact_channel(draw);
  ch.shared.gamma = 1;
  ch.shared.beta = 0;
  const Surd sum = total(ch.x.size(), [&](std::size_t i) {
    Surd term = ch.y(i);
    term.q = term.q * ch.dy[i];
    return term;
  });
  RC_ASSERT(same(sum, dgamma(ch.shared)));
  RC_ASSERT(same(dbeta(ch.shared), Surd{exactbn::sum(ch.dy), 0, 1, 1}));
}

RC_GTEST_PROP(Laws, DxIsLinearInDy, ()) {
  Draw draw = *draws();
  const ExactChannel a = draw_exact_channel(draw);
  const std::vector<Dyadic> more = draw_exact(draw, a.x.size());
  std::vector<Dyadic> both;
  for (std::size_t i = 0; i < more.size(); ++i) {
    both.push_back(a.dy[i] * 3 + more[i]);
  }
  const ExactChannel b = with(a, a.x, more, a.epsilon);
  const ExactChannel c = with(a, a.x, both, a.epsilon);
  for (std::size_t i = 0; i < a.x.size(); ++i) {
    RC_ASSERT(c.dx(i).q == a.dx(i).q * 3 + b.dx(i).q);
  }
}

// A constant dy only moves beta.
RC_GTEST_PROP(Laws, ConstantDyGivesNoDx, ()) {
  Draw draw = *draws();
  const ExactChannel a = draw_exact_channel(draw);
  const ExactChannel b =
      with(a, a.x, std::vector<Dyadic>(a.x.size(), a.dy[0]), a.epsilon);
  RC_ASSERT(sign(dgamma(b.shared)) == 0);
  for (std::size_t i = 0; i < b.x.size(); ++i) RC_ASSERT(sign(b.dx(i)) == 0);
}

// gamma = sqrt(v + eps) and beta = mean undo the normalization (Ioffe &
// Szegedy 2015, section 3). With m a power of 2, eps makes the root rational.
RC_GTEST_PROP(Laws, TheIdentityCanBeRepresented, ()) {
  Draw draw = *draws();
  const std::int64_t log_m = static_cast<std::int64_t>(draw.below(5));
  std::vector<Dyadic> x(std::size_t{1} << log_m);
  for (Dyadic& value : x) {
    value = static_cast<std::int64_t>(draw.below(2001)) - 1000;
  }
  const ExactChannel plain(x, x, 0);
  const Dyadic v(variance(plain.shared).p.n,
                 variance(plain.shared).p.e - 2 * log_m);
  // No deviation exceeds 1000.
  const Dyadic gamma = 1001 + static_cast<std::int64_t>(draw.below(100));
  ExactChannel ch(x, x, gamma * gamma - v);
  ch.shared.gamma = gamma;
  ch.shared.beta = {sum(x).n, sum(x).e - log_m};
  for (std::size_t i = 0; i < x.size(); ++i) {
    RC_ASSERT(compare(ch.y(i), x[i]) == 0);
  }
}

// BN(W x + b) = BN(W x), so networks omit b.
RC_GTEST_PROP(Laws, BiasOfALinearLayerCancels, ()) {
  Draw draw = *draws();
  const std::size_t inputs = 1 + draw.below(4);
  const std::size_t m = 1 + draw.below(8);
  const Dyadic bias = draw_exact(draw, 1)[0];
  std::vector<Dyadic> wx(m);
  for (std::size_t j = 0; j < inputs; ++j) {
    const Dyadic weight = static_cast<std::int64_t>(draw.below(19)) - 9;
    const std::vector<Dyadic> x = draw_exact(draw, m);
    for (std::size_t i = 0; i < m; ++i) wx[i] += weight * x[i];
  }
  const Dyadic epsilon = draw_epsilon(draw);
  const ExactChannel plain(wx, wx, epsilon);
  const ExactChannel biased(map(wx, [&](const Dyadic& z) { return z + bias; }),
                            wx, epsilon);
  for (std::size_t i = 0; i < m; ++i) {
    RC_ASSERT(same(plain.y(i), biased.y(i)));
    for (const DType dtype : kDTypes) {
      RC_ASSERT(round_to(plain.y(i), dtype) == round_to(biased.y(i), dtype));
    }
  }
}

}  // namespace
}  // namespace exactbn::laws_test
