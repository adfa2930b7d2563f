// SPDX-License-Identifier: Apache-2.0
// Terms of the forward derivative and the double backward.
#include "oracles/defects/families.h"

namespace exactbn {

namespace {

bool doubles(const Pass& p) { return p.u.size() != 0 && p.dy.size() != 0; }

const Defect kSecondOrderDefects[] = {
    {"statistics_constant",
     "mean and variance are held constant",
     "pytorch#4422",
     {.reduced =
          [](Pass& p) {
            if (p.u.size() == 0) return;
            p.mean_u.setZero();
            p.mean_u_xhat.setZero();
            p.weights = {0, 0, 0};
            p.third = 0;
          }}},
    {"variance_constant",
     "only the variance is held constant",
     "",
     {.reduced =
          [](Pass& p) {
            if (p.u.size() == 0) return;
            p.mean_u_xhat.setZero();
            p.weights = {0, 0, 1};
          }}},
    {"direction_not_centred",
     "the mean of the direction is not subtracted",
     "",
     {.reduced =
          [](Pass& p) {
            if (p.u.size() != 0) p.mean_u.setZero();
          }}},
    {"cross_term_of_ddx",
     "grad_x lacks xhat mean(ddx dy)",
     "",
     {.reduced = [](Pass& p) { p.weights[0] = 0; }}},
    {"cross_term_of_dy",
     "grad_x lacks dy mean(ddx xhat)",
     "",
     {.reduced = [](Pass& p) { p.weights[1] = 0; }}},
    {"cross_term_of_u",
     "grad_x lacks ddx mean(dy xhat)",
     "",
     {.reduced = [](Pass& p) { p.weights[2] = 0; }}},
    {"fifth_power_once",
     "the factor 3 of xhat^3 is 1",
     "",
     {.reduced = [](Pass& p) { p.third = 1; }}},
    {"fifth_power_missing",
     "the term of invstd^5 is missing",
     "",
     {.reduced = [](Pass& p) { p.third = 0; }}},
    {"grad_gamma_not_projected",
     "grad_gamma lacks mean(dy xhat) mean(u xhat)",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (doubles(p))
              out[Output::grad_gamma] = p.m * p.invstd * p.mean_u_dy;
          }}},
    {"grad_gamma_is_mean",
     "grad_gamma is divided by m",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (doubles(p)) out[Output::grad_gamma] /= p.m;
          }}},
    {"ddgamma_ignored",
     "ddgamma and gamma_dot are ignored",
     "",
     {.asked =
          [](Problem& problem) {
            problem.inputs.erase(Input::ddgamma);
            problem.inputs.erase(Input::gamma_dot);
          }}},
    {"ddbeta_ignored",
     "ddbeta and beta_dot are ignored",
     "",
     {.asked =
          [](Problem& problem) {
            problem.inputs.erase(Input::ddbeta);
            problem.inputs.erase(Input::beta_dot);
          }}},
    {"ddx_ignored",
     "only the parameters are differentiated",
     "",
     {.read = [](Pass& p) { p.u.setZero(); }}},
};

}  // namespace

std::span<const Defect> second_order_defects() { return kSecondOrderDefects; }

}  // namespace exactbn
