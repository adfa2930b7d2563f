// SPDX-License-Identifier: Apache-2.0
// epsilon, and the inverse deviation.
#include <algorithm>

#include "oracles/defects/families.h"
#include "oracles/defects/short_sums.h"

namespace exactbn {

namespace {

// The f32 value, so that nothing changes if it is requested.
constexpr double kDefaultEpsilon = double{1e-5F};

void normalize_by(Pass& p, const WideRow& invstd) {
  p.invstd = invstd;
  p.xhat = (p.x.rowwise() - p.mean).rowwise() * invstd;
}

const Defect kEpsilonDefects[] = {
    {"epsilon_missing",
     "epsilon is left out",
     "ncnn#303",
     {.asked = [](Problem& problem) { problem.epsilon = 0; }}},
    {"epsilon_outside_root",
     "sqrt(var) + epsilon",
     "darknet PR17",
     {.normalized =
          [](Pass& p) { normalize_by(p, 1 / (p.var.sqrt() + p.epsilon)); }}},
    {"epsilon_clamped",
     "epsilon is at least 1e-5",
     "tensorflow#37768",
     {.asked =
          [](Problem& problem) {
            problem.epsilon = std::max(problem.epsilon, kDefaultEpsilon);
          }}},
    {"epsilon_clamped_low",
     "epsilon is at least 1e-12",
     "",
     {.asked =
          [](Problem& problem) {
            problem.epsilon = std::max(problem.epsilon, 1e-12);
          }}},
    {"epsilon_of_keras",
     "epsilon is always 1e-3",
     "keras-yolo3#451",
     {.asked = [](Problem& problem) { problem.epsilon = 1e-3; }}},
    {"epsilon_always_default",
     "epsilon is always 1e-5",
     "",
     {.asked = [](Problem& problem) { problem.epsilon = kDefaultEpsilon; }}},
    {"epsilon_zero_is_default",
     "epsilon 0 is treated as absent",
     "pytorch#166405",
     {.asked =
          [](Problem& problem) {
            if (problem.epsilon == 0) problem.epsilon = kDefaultEpsilon;
          }}},
    {"epsilon_twice",
     "epsilon is added twice",
     "",
     {.asked = [](Problem& problem) { problem.epsilon *= 2; }}},
    {"epsilon_squared",
     "var + epsilon^2",
     "",
     {.asked = [](Problem& problem) { problem.epsilon *= problem.epsilon; }}},
    {"epsilon_is_floor",
     "max(var, epsilon)",
     "",
     {.normalized =
          [](Pass& p) { normalize_by(p, p.var.max(p.epsilon).rsqrt()); }}},
    {"epsilon_in_variance",
     "the returned variance includes epsilon",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (out.contains(Output::var)) out[Output::var] += p.epsilon;
          }}},
    {"epsilon_in_format_of_x",
     "epsilon is rounded to the format of x",
     "",
     {.asked =
          [](Problem& problem) {
            problem.epsilon = rounded(problem.epsilon, problem.x().dtype());
          }}},
    {"epsilon_over_count",
     "var + epsilon / m",
     "",
     {.read = [](Pass& p) { p.epsilon /= p.m; }}},
    {"epsilon_missing_backward",
     "the backward pass leaves epsilon out",
     "MIOpen's host backward",
     {.read =
          [](Pass& p) {
            if (p.dy.size() != 0) p.epsilon = 0;
          }}},
    {"root_missing",
     "divides by var + epsilon",
     "",
     {.normalized = [](Pass& p) { normalize_by(p, p.invstd * p.invstd); }}},
    {"variance_is_deviation",
     "the frozen variance is read as a deviation",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) p.var = p.var.square();
          }}},
    {"variance_is_invstd",
     "the frozen variance is read as invstd",
     "",
     {.normalized =
          [](Pass& p) {
            if (!p.trains()) normalize_by(p, p.var);
          }}},
};

}  // namespace

std::span<const Defect> epsilon_defects() { return kEpsilonDefects; }

}  // namespace exactbn
