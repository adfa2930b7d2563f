// SPDX-License-Identifier: Apache-2.0
// gamma and beta.
#include <utility>

#include "oracles/defects/families.h"

namespace exactbn {

namespace {

const Defect kParametersDefects[] = {
    {"gamma_ignored",
     "gamma is 1",
     "ipex-llm#2012",
     {.read = [](Pass& p) { p.gamma.setOnes(); }}},
    {"gamma_sign_lost",
     "|gamma|",
     "",
     {.read = [](Pass& p) { p.gamma = p.gamma.abs(); }}},
    {"gamma_squared",
     "gamma is applied twice",
     "",
     {.read = [](Pass& p) { p.gamma *= p.gamma; }}},
    {"gamma_plus_one",
     "1 + gamma",
     "",
     {.read = [](Pass& p) { p.gamma += 1; }}},
    {"gamma_zero_is_default",
     "gamma 0 is treated as absent",
     "",
     {.read =
          [](Pass& p) { p.gamma = (p.gamma == 0).select(Wide{1}, p.gamma); }}},
    {"gamma_of_first_channel",
     "every channel uses the gamma of the first",
     "",
     {.read = [](Pass& p) { p.gamma.setConstant(Wide{p.gamma(0)}); }}},
    {"absent_gamma_is_zero",
     "absent gamma is 0",
     "tt-metal PR5317",
     {.read =
          [](Pass& p) {
            if (!p.problem.find(Input::gamma)) p.gamma.setZero();
          }}},
    {"absent_beta_is_one",
     "absent beta is 1",
     "tt-metal PR5317",
     {.read =
          [](Pass& p) {
            if (!p.problem.find(Input::beta)) p.beta.setOnes();
          }}},
    {"absent_gamma_drops_beta",
     "beta is ignored if gamma is absent",
     "ipex-llm#2012",
     {.read =
          [](Pass& p) {
            if (!p.problem.find(Input::gamma)) p.beta.setZero();
          }}},
    {"absent_beta_drops_gamma",
     "gamma is ignored if beta is absent",
     "",
     {.read =
          [](Pass& p) {
            const bool forward = p.dy.size() == 0 && p.u.size() == 0;
            if (forward && !p.problem.find(Input::beta)) p.gamma.setOnes();
          }}},
    {"beta_ignored",
     "beta is 0",
     "ipex-llm#2012",
     {.read = [](Pass& p) { p.beta.setZero(); }}},
    {"beta_subtracted",
     "gamma xhat - beta",
     "",
     {.read = [](Pass& p) { p.beta = -p.beta; }}},
    {"beta_before_gamma",
     "gamma (xhat + beta)",
     "",
     {.read = [](Pass& p) { p.beta *= p.gamma; }}},
    {"gamma_and_beta_swapped",
     "gamma and beta are swapped",
     "",
     {.read =
          [](Pass& p) {
            if (p.problem.find(Input::gamma) && p.problem.find(Input::beta)) {
              std::swap(p.gamma, p.beta);
            }
          }}},
    {"relu_fused",
     "negative results become 0",
     "",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            const auto y = out.find(Output::y);
            if (y != out.end())
              y->second = (y->second < 0).select(Wide{0}, y->second);
          }}},
};

}  // namespace

std::span<const Defect> parameter_defects() { return kParametersDefects; }

}  // namespace exactbn
