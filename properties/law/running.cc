// SPDX-License-Identifier: Apache-2.0
// Laws of the running statistics.
#include "properties/law/families.h"
#include "properties/law/parts.h"

namespace exactbn::law {

namespace {

constexpr std::string_view kUpdate =
    "the update, running = (1 - momentum) running + momentum batch";

bool has_running(const Problem& p) {
  return p.operation == Operation::forward_training && is_short(p) &&
         (p.find(Input::running_mean) || p.find(Input::running_var));
}
bool has_several_and_running(const Problem& p) {
  return has_running(p) && has_several(p);
}
bool is_average(const Problem& p) {
  return has_running(p) &&
         (!p.momentum || (*p.momentum >= 0 && *p.momentum <= 1));
}

constexpr Output kRunning[] = {Output::running_mean, Output::running_var};

// The batch statistic that enters a running statistic, as the subject declares
// it, times `divisor`, so that no quotient is needed.
struct Batch {
  Number value;
  double divisor = 1;
};
Batch batch_of(const Trial& t, const Observation& a, Output output,
               std::int64_t c) {
  if (output == Output::running_mean) return {a.mean(c), 1};
  if (t.declaration().running_variance == RunningVariance::biased) {
    return {a.var(c), 1};
  }
  const auto m = static_cast<double>(a.m());
  return {Number(m) * a.var(c), m - 1};
}

// Calls action(output, channel, old, new) for each running statistic.
template <class Do>
void each_statistic(const Observation& a, const Do& action) {
  for (const Output output : kRunning) {
    const Input updated = *traits(output).updates;
    if (!a.problem().find(updated) || !a.has(output)) continue;
    const Column old = a.in(updated);
    const Column now = a.out(output);
    for (std::int64_t c = 0; c < a.view().channels; ++c) {
      action(output, c, old(c), now(c));
    }
  }
}

// scale r = (scale - weight) old + weight batch, times the divisor
void check_update(Trial& t, const Observation& a) {
  each_statistic(a, [&](Output output, std::int64_t c, const Number& old,
                        const Number& now) {
    const Batch batch = batch_of(t, a, output, c);
    if (batch.divisor == 0) return;
    const Number scale(a.weight_scale());
    const Number weight = a.weight_new();
    const Number rest = scale * (now - old) + weight * old;
    t.zero(Number(batch.divisor) * rest - weight * batch.value, output, c);
  });
}

void update(Trial& t) { check_update(t, t.base()); }

// 0 <= weight <= 1: (r - old) and (batch - r) have the sign of batch - old.
void between(Trial& t) {
  const Observation& a = t.base();
  each_statistic(a, [&](Output output, std::int64_t c, const Number& old,
                        const Number& now) {
    const Batch batch = batch_of(t, a, output, c);
    if (batch.divisor == 0) return;
    const Number divisor(batch.divisor);
    const Number up = divisor * (now - old);
    const Number rest = batch.value - divisor * now;
    t.not_negative(up * rest, output, c);
  });
}

void ask_with_momentum(Trial& t, std::optional<double> momentum,
                       std::int64_t tracked) {
  Problem p = t.base().problem();
  p.momentum = momentum;
  p.batches_tracked = tracked;
  if (const Observation* q = t.ask(std::move(p))) check_update(t, *q);
}

void momentum_zero(Trial& t) { ask_with_momentum(t, 0.0, 3); }
void momentum_one(Trial& t) { ask_with_momentum(t, 1.0, 3); }
void first_batch(Trial& t) { ask_with_momentum(t, std::nullopt, 0); }

// The problem with the updated statistics of `a` as its old ones.
std::optional<Problem> next(const Observation& a) {
  Problem p = a.problem();
  for (const Output output : kRunning) {
    const auto updated = p.inputs.find(*traits(output).updates);
    if (updated == p.inputs.end()) continue;
    if (!a.has(output)) return std::nullopt;
    Tensor& old = updated->second;
    // The definition returns no tensors; any old statistics will do.
    const auto got = a.answer().outputs.find(output);
    if (got != a.answer().outputs.end()) old = got->second;
    for (std::int64_t c = 0; c < old.size(); ++c) {
      if (output == Output::running_var && old.value(c) < 0) {
        return std::nullopt;
      }
    }
  }
  ++p.batches_tracked;
  return p;
}

// Every step obeys the update, hence r_k = (1 - a)^k r_0 + (1 - (1 - a)^k)
// batch, except for the rounding of each step.
void steps(Trial& t) {
  const Observation* a = &t.base();
  for (int k = 0; k < 3; ++k) {
    auto p = next(*a);
    if (!p) return;
    a = t.ask(std::move(*p));
    if (!a) return;
    check_update(t, *a);
  }
}

// Old statistics equal to those of the batch do not change.
void fixed_point(Trial& t) {
  const Observation& a = t.base();
  auto p = frozen_at_the_batch(a, Operation::forward_training);
  if (!p) return;
  const bool of_mean = a.problem().find(Input::running_mean) != nullptr;
  const bool of_var =
      a.problem().find(Input::running_var) &&
      t.declaration().running_variance == RunningVariance::biased;
  if (!of_mean) p->inputs.erase(Input::running_mean);
  if (!of_var) p->inputs.erase(Input::running_var);
  const Observation* q = t.ask(std::move(*p));
  if (!q) return;
  each_statistic(*q, [&](Output output, std::int64_t c, const Number& old,
                         const Number& now) { t.zero(now - old, output, c); });
}

// The cumulative average over two halves, in either order, is the mean of the
// whole.
void mean_of_means(Trial& t) {
  Problem p = t.base().problem();
  const std::int64_t m = p.view().count();
  if (m % 2 != 0 || !p.find(Input::running_mean)) return;
  std::vector<std::int64_t> first(static_cast<std::size_t>(m / 2));
  std::vector<std::int64_t> last = first;
  for (std::int64_t k = 0; k < m / 2; ++k) {
    first[static_cast<std::size_t>(k)] = k;
    last[static_cast<std::size_t>(k)] = m / 2 + k;
  }
  p.inputs.erase(Input::running_var);
  p.momentum = std::nullopt;
  for (const auto& [now, then] : {std::pair(first, last), {last, first}}) {
    Problem q = restricted(p, now).problem;
    q.batches_tracked = 0;
    const Observation* a = t.ask(std::move(q));
    if (!a || !a->has(Output::running_mean)) return;
    check_update(t, *a);
    q = restricted(p, then).problem;
    q.batches_tracked = 1;
    const auto got = a->answer().outputs.find(Output::running_mean);
    if (got != a->answer().outputs.end()) {
      q.inputs[Input::running_mean] = got->second;
    }
    const Observation* b = t.ask(std::move(q));
    if (!b || !b->has(Output::running_mean)) return;
    check_update(t, *b);
    if (got == a->answer().outputs.end()) continue;
    const Column r = b->out(Output::running_mean);
    const Column r_1 = b->in(Input::running_mean);
    const Column of_first = a->out(Output::running_mean);
    each_channel(*b, [&](std::int64_t c) {
      // 2 r = r_1 + mean of the second half. r_1 - of_first, the allowed error
      // of r_1, is subtracted, which leaves the mean of the whole.
      t.zero(Number(2) * (r(c) - t.base().mean(c)) - (r_1(c) - of_first(c)),
             Output::running_mean, c);
    });
  }
}

// y is normalized by the batch, whatever the running statistics are.
void not_in_y(Trial& t) {
  const Observation& a = t.base();
  const Observation* q =
      t.ask(without(a.problem(), {Input::running_mean, Input::running_var}));
  if (!q) return;
  compare(t, a, *q, unchanged);
}

const Law kRunningLaws[] = {
    {"running_update", "r = (1 - a) old + a batch", kUpdate,
     "momentum is on the wrong side, or the variance has the other divisor",
     has_running, update},
    {"running_lies_between", "r lies between old and batch, for 0 <= a <= 1",
     kUpdate, "a weight is negative, or the weights do not add up to 1",
     is_average, between},
    {"momentum_zero_keeps", "r = old with momentum 0", kUpdate,
     "0 is treated as absent", has_running, momentum_zero},
    {"momentum_one_replaces", "r = batch with momentum 1", kUpdate,
     "the old statistics still contribute", has_running, momentum_one},
    {"first_batch_replaces",
     "r = batch for the first batch of a cumulative average", kUpdate,
     "the batch count is off by one", has_running, first_batch},
    {"running_after_steps",
     "r_k = (1 - a)^k r_0 + (1 - (1 - a)^k) batch, step by step", kUpdate,
     "state other than the old statistics is kept between calls", has_running,
     steps},
    {"running_fixed_point", "r = old where old = batch", kUpdate,
     "the weights do not add up to 1", has_running, fixed_point},
    {"mean_of_the_means",
     "a cumulative average over two halves, in either order, is the mean",
     kUpdate, "the cumulative average has the wrong weight",
     has_several_and_running, mean_of_means},
    {"running_does_not_enter_y",
     "y, mean, var and invstd do not depend on the running statistics", kUpdate,
     "training normalizes with the running statistics", has_running, not_in_y},
};

}  // namespace

std::span<const Law> running_laws() { return kRunningLaws; }

}  // namespace exactbn::law
