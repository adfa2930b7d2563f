// SPDX-License-Identifier: Apache-2.0
// Terms of the gradients that are missing or wrong.
#include "oracles/defects/families.h"

namespace exactbn {

namespace {

// Runs f if the outputs are dx, dgamma and dbeta.
template <class F>
void where_backward(Pass& p, const F& f) {
  if (p.backward()) f();
}
template <class F>
void where_trained(Pass& p, const F& f) {
  if (p.backward() && p.trains()) f();
}

const Defect kBackwardDefects[] = {
    {"dx_of_frozen_statistics",
     "training uses the formula of frozen statistics",
     "pytorch#586",
     {.reduced =
          [](Pass& p) {
            where_trained(p, [&] {
              p.mean_dy.setZero();
              p.mean_dy_xhat.setZero();
            });
          }}},
    {"dx_of_training",
     "frozen statistics use the formula of training",
     "mxnet#9580",
     {.reduced =
          [](Pass& p) {
            where_backward(p, [&] {
              p.mean_dy = p.dbeta / p.m;
              p.mean_dy_xhat = p.dgamma / p.m;
            });
          }}},
    {"dy_ignored",
     "dy is treated as 1",
     "tfjs-core PR970",
     {.read = [](Pass& p) { p.dy.setOnes(); }}},
    {"dx_without_mean_of_dy",
     "the term of dbeta is missing in dx",
     "",
     {.reduced =
          [](Pass& p) { where_backward(p, [&] { p.mean_dy.setZero(); }); }}},
    {"dx_without_projection",
     "the term of dgamma is missing in dx",
     "",
     {.reduced =
          [](Pass& p) {
            where_backward(p, [&] { p.mean_dy_xhat.setZero(); });
          }}},
    {"dx_projection_added",
     "the term of dgamma has the wrong sign",
     "",
     {.reduced =
          [](Pass& p) {
            where_backward(p, [&] { p.mean_dy_xhat = -p.mean_dy_xhat; });
          }}},
    {"dx_count_of_projection",
     "the term of dgamma divides by m - 1",
     "",
     {.reduced =
          [](Pass& p) {
            where_backward(p, [&] {
              if (p.m > 1) p.mean_dy_xhat *= p.m / (p.m - 1);
            });
          }}},
    {"dx_count_of_samples",
     "the term of dbeta divides by the batch size",
     "",
     {.reduced =
          [](Pass& p) {
            where_backward(
                p, [&] { p.mean_dy *= static_cast<Wide>(p.view.inner); });
          }}},
    {"dx_projection_not_centred",
     "dgamma in dx is sum dy x invstd",
     "",
     {.reduced =
          [](Pass& p) {
            where_trained(p, [&] {
              p.mean_dy_xhat = channel_sum<Wide>(p.dy * p.x) * p.invstd / p.m;
            });
          }}},
    {"dx_without_gamma",
     "gamma is missing in dx",
     "",
     {.reduced =
          [](Pass& p) { where_backward(p, [&] { p.gamma.setOnes(); }); }}},
    {"dx_without_invstd",
     "invstd is missing in dx",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (p.backward()) {
              out[Output::dx] =
                  WideMatrix(out[Output::dx].rowwise() / p.invstd);
            }
          }}},
    {"dx_mean_of_all_channels",
     "dx subtracts the mean of all of dy",
     "",
     {.reduced =
          [](Pass& p) {
            where_trained(p, [&] { p.mean_dy.setConstant(p.mean_dy.mean()); });
          }}},
    {"dgamma_without_invstd",
     "dgamma is sum dy (x - mean)",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (p.backward()) out[Output::dgamma] = p.dgamma / p.invstd;
          }}},
    {"dgamma_not_centred",
     "dgamma is sum dy x invstd",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!p.backward()) return;
            out[Output::dgamma] = channel_sum<Wide>(p.dy * p.x) * p.invstd;
          }}},
    {"dgamma_of_scaled_xhat",
     "dgamma is sum dy gamma xhat",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (p.backward()) out[Output::dgamma] = p.dgamma * p.gamma;
          }}},
    {"dgamma_is_mean",
     "dgamma and dbeta are divided by m",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!p.backward()) return;
            out[Output::dgamma] = p.dgamma / p.m;
            out[Output::dbeta] = p.dbeta / p.m;
          }}},
    {"dgamma_with_batch_statistics",
     "with frozen statistics dgamma uses those of the batch",
     "",
     {.reduced =
          [](Pass& p) {
            if (!p.backward() || p.trains()) return;
            const auto [mean, var] = statistics_of(p.x);
            p.dgamma = channel_sum<Wide>(
                p.dy * normalize<Wide>(p.x, mean, var, p.epsilon));
          }}},
    {"dgamma_zero_where_frozen",
     "frozen statistics freeze gamma and beta",
     "",
     {.reduced =
          [](Pass& p) {
            if (!p.backward() || p.trains()) return;
            p.dgamma.setZero();
            p.dbeta.setZero();
          }}},
    {"dgamma_dbeta_swapped",
     "dgamma and dbeta are swapped",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (p.backward())
              std::swap(out[Output::dgamma], out[Output::dbeta]);
          }}},
    {"dbeta_of_dx",
     "dbeta is scaled by gamma",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (p.backward()) out[Output::dbeta] = p.dbeta * p.gamma;
          }}},
    {"dbeta_of_first_sample",
     "dbeta sums the first sample only",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!p.backward()) return;
            out[Output::dbeta] = channel_sum<Wide>(p.dy.topRows(p.view.inner));
          }}},
};

}  // namespace

std::span<const Defect> backward_defects() { return kBackwardDefects; }

}  // namespace exactbn
