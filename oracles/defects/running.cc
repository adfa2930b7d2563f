// SPDX-License-Identifier: Apache-2.0
// The running statistics, and momentum.
#include <utility>

#include "oracles/defects/families.h"
#include "oracles/defects/short_sums.h"

namespace exactbn {

namespace {

// The f32 value.
constexpr double kDefaultMomentum = double{0.1F};

void weigh(Pass& p, Wide weight_of_new) {
  p.weight_new = weight_of_new;
  p.weight_old = 1 - weight_of_new;
}

void keep_old(const Pass& p, WideOutputs& out) {
  if (out.contains(Output::running_mean))
    out[Output::running_mean] = p.old_mean;
  if (out.contains(Output::running_var)) out[Output::running_var] = p.old_var;
}

// Edits an output if the operation has it.
template <class F>
void edit(WideOutputs& out, Output name, const F& f) {
  const auto it = out.find(name);
  if (it != out.end()) f(it->second);
}

const Defect kRunningDefects[] = {
    {"running_variance_biased",
     "the running variance uses the biased variance for the unbiased, or "
     "vice versa",
     "tt-metal#55438",
     {.averaged =
          [](Pass& p) {
            p.batch_var = p.divisor == RunningVariance::biased
                              ? unbiased(p.var, p.view.count())
                              : p.var;
          }}},
    {"running_variance_unbiased_twice",
     "the factor m / (m - 1) is applied twice",
     "",
     {.averaged =
          [](Pass& p) {
            p.batch_var = unbiased(p.var, p.view.count());
            p.batch_var = unbiased(p.batch_var, p.view.count());
          }}},
    {"running_variance_inverse_factor",
     "the factor is (m - 1) / m",
     "",
     {.averaged = [](Pass& p) { p.batch_var = p.var * ((p.m - 1) / p.m); }}},
    {"unbiased_of_samples",
     "the factor is N / (N - 1), with the batch size",
     "",
     {.averaged =
          [](Pass& p) { p.batch_var = unbiased(p.var, p.view.outer); }}},
    {"unbiased_of_one_is_zero",
     "m - 1 is never below 1",
     "tensorflow#34062",
     {.averaged =
          [](Pass& p) {
            if (p.m == 1) p.batch_var = p.var;
          }}},
    {"momentum_on_wrong_side",
     "momentum is the weight of the old statistic",
     "pytorch#18525",
     {.averaged =
          [](Pass& p) {
            if (p.problem.momentum) weigh(p, 1 - Wide{*p.problem.momentum});
          }}},
    {"momentum_always_default",
     "momentum is always 0.1",
     "",
     {.averaged =
          [](Pass& p) {
            if (p.problem.momentum) weigh(p, kDefaultMomentum);
          }}},
    {"momentum_zero_is_default",
     "momentum 0 is treated as absent",
     "",
     {.averaged =
          [](Pass& p) {
            if (p.problem.momentum == 0) weigh(p, kDefaultMomentum);
          }}},
    {"cumulative_average_lost",
     "null momentum is treated as 0.1",
     "pytorch#40074",
     {.averaged =
          [](Pass& p) {
            if (!p.problem.momentum) weigh(p, kDefaultMomentum);
          }}},
    {"cumulative_average_off_by_one",
     "the cumulative average counts one batch too few",
     "",
     {.averaged =
          [](Pass& p) {
            const auto n = static_cast<Wide>(p.problem.batches_tracked);
            if (!p.problem.momentum) weigh(p, 1 / std::max<Wide>(n, 1));
          }}},
    {"running_never_updated",
     "the running statistics are not updated",
     "aprender PR2166",
     {.computed = keep_old}},
    {"running_replaced",
     "the running statistics are replaced by the batch's",
     "onnxruntime PR6946",
     {.averaged = [](Pass& p) { weigh(p, 1); }}},
    {"running_mean_replaced",
     "the running mean is replaced by the batch's",
     "onnxruntime PR6946",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            edit(out, Output::running_mean, [&](auto& v) { v = p.batch_mean; });
          }}},
    {"running_old_not_decayed",
     "old + momentum new",
     "",
     {.averaged = [](Pass& p) { p.weight_old = 1; }}},
    {"running_updated_twice",
     "each batch is counted twice",
     "",
     {.averaged = [](Pass& p) { weigh(p, 1 - p.weight_old * p.weight_old); }}},
    {"running_update_of_mean_lost",
     "only the running variance is updated",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            edit(out, Output::running_mean, [&](auto& v) { v = p.old_mean; });
          }}},
    {"running_update_of_variance_lost",
     "only the running mean is updated",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            edit(out, Output::running_var, [&](auto& v) { v = p.old_var; });
          }}},
    {"running_variance_holds_epsilon",
     "epsilon is added to the batch variance in running_var",
     "onnxruntime PR19742",
     {.averaged = [](Pass& p) { p.batch_var += p.epsilon; }}},
    {"running_variance_is_deviation",
     "the running variance is updated with the deviation",
     "",
     {.averaged = [](Pass& p) { p.batch_var = p.batch_var.sqrt(); }}},
    {"running_mean_and_variance_swapped",
     "running mean and variance are swapped",
     "mxnet#18751",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            if (out.contains(Output::running_mean) &&
                out.contains(Output::running_var)) {
              std::swap(out[Output::running_mean], out[Output::running_var]);
            }
          }}},
    {"frozen_mean_and_variance_swapped",
     "inference swaps mean and variance",
     "mxnet#18751",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) std::swap(p.mean, p.var);
          }}},
    {"running_update_needs_both",
     "nothing is updated if either statistic is absent",
     "pytorch#153137",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (out.contains(Output::running_mean) !=
                out.contains(Output::running_var)) {
              keep_old(p, out);
            }
          }}},
    {"running_statistics_in_f16",
     "the running statistics pass through f16",
     "",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            for (const Output name :
                 {Output::running_mean, Output::running_var}) {
              edit(out, name, [](WideMatrix& values) {
                for (Eigen::Index i = 0; i < values.size(); ++i) {
                  values(i) =
                      rounded(static_cast<double>(values(i)), DType::f16);
                }
              });
            }
          }}},
    {"scale_factor_ignored",
     "sums of statistics are read as means, without Caffe's factor 999.98",
     "chainer#3260",
     {.statistics =
          [](Pass& p) {
            if (p.trains()) return;
            p.mean *= 999.98L;
            p.var *= 999.98L;
          }}},
    {"updates_with_frozen_statistics",
     "inference updates the running mean before it uses it",
     "",
     {.statistics =
          [](Pass& p) {
            if (p.trains()) return;
            p.mean = 0.9L * p.mean + 0.1L * statistics_of(p.x).mean;
          }}},
};

}  // namespace

std::span<const Defect> running_defects() { return kRunningDefects; }

}  // namespace exactbn
