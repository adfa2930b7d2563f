// SPDX-License-Identifier: Apache-2.0
// Laws of the mean and variance.
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

constexpr std::string_view kPaperAlgorithm1 =
    "Ioffe & Szegedy 2015, algorithm 1";

void mean_of_y(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column beta = a.beta();
  each_channel(a, [&](std::int64_t c) {
    t.zero(sum_of(a, c, y) - count(a) * beta(c), Output::y,
           a.view().offset(c, 0));
  });
}

void variance_of_y(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y)) return;
  const Column y = a.out(Output::y);
  const Column gamma = a.gamma();
  const Column beta = a.beta();
  each_channel(a, [&](std::int64_t c) {
    const Number squares =
        sum_of(a, c, [&](std::int64_t i) { return squared(y(i) - beta(c)); });
    t.zero(squares - count(a) * squared(gamma(c) * a.invstd(c)) * a.var(c),
           Output::y, a.view().offset(c, 0));
  });
}

void mean_is_that_of_x(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::mean)) return;
  const Column x = a.in(Input::x);
  const Column mean = a.out(Output::mean);
  each_channel(a, [&](std::int64_t c) {
    const Number rest =
        sum_of(a, c, [&](std::int64_t i) { return x(i) - mean(c); });
    t.zero(rest, Output::mean, c);
  });
}

// Uses the exact mean, as the mean in the answer has an error.
void var_is_that_of_x(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::var)) return;
  const Column x = a.in(Input::x);
  const Column var = a.out(Output::var);
  each_channel(a, [&](std::int64_t c) {
    const Number mean = a.mean(c);
    const Number squares =
        sum_of(a, c, [&](std::int64_t i) { return squared(x(i) - mean); });
    t.zero(squares - count(a) * var(c), Output::var, c);
  });
}

void invstd_of_var(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::invstd) || !a.has(Output::var)) return;
  const Column invstd = a.out(Output::invstd);
  const Column var = a.out(Output::var);
  each_channel(a, [&](std::int64_t c) {
    t.zero(squared(invstd(c)) * (var(c) + a.epsilon()) - Number(1),
           Output::invstd, c);
  });
}

void y_of_the_statistics(Trial& t) {
  const Observation& a = t.base();
  if (!a.has(Output::y) || !a.has(Output::mean) || !a.has(Output::invstd)) {
    return;
  }
  const Column x = a.in(Input::x);
  const Column y = a.out(Output::y);
  const Column mean = a.out(Output::mean);
  const Column invstd = a.out(Output::invstd);
  const Column gamma = a.gamma();
  const Column beta = a.beta();
  each_value(a, [&](std::int64_t c, std::int64_t i) {
    const Number xhat = (x(i) - mean(c)) * invstd(c);
    t.zero(y(i) - beta(c) - gamma(c) * xhat, Output::y, i);
  });
}

const Law kStatisticsLaws[] = {
    {"mean_of_y_is_beta", "sum y = m beta", kPaperAlgorithm1,
     "the mean is not that of the normalized values", is_short_forward,
     mean_of_y},
    {"variance_of_y", "mean (y - beta)^2 = gamma^2 var / (var + eps)",
     kPaperAlgorithm1, "the variance, epsilon or gamma is wrong",
     is_short_forward, variance_of_y},
    {"mean_is_that_of_x", "m mean = sum x", kPaperAlgorithm1,
     "the returned mean is not that of x", is_short_forward, mean_is_that_of_x},
    {"var_is_that_of_x", "m var = sum (x - mean)^2", kPaperAlgorithm1,
     "the returned variance is another one: unbiased, or with epsilon",
     is_short_forward, var_is_that_of_x},
    {"invstd_of_var", "invstd^2 (var + eps) = 1", kPaperAlgorithm1,
     "var and invstd belong to different channels or epsilons",
     is_short_forward, invstd_of_var},
    {"y_of_the_statistics", "y = beta + gamma (x - mean) invstd",
     kPaperAlgorithm1, "the returned statistics are not those that normalize",
     is_short_forward, y_of_the_statistics},
};

}  // namespace

std::span<const Law> statistics_laws() { return kStatisticsLaws; }

}  // namespace exactbn::law
