// SPDX-License-Identifier: Apache-2.0
// The right formulas in too low a precision, or in the wrong order.
#include <algorithm>
#include <cmath>

#include "oracles/defects/families.h"
#include "oracles/defects/short_sums.h"

namespace exactbn {

namespace {

// Two passes whose sums have the digits of a format.
void two_passes(Pass& p, DType digits, Rounding round) {
  if (!p.trains()) return;
  for (Eigen::Index c = 0; c < p.x.cols(); ++c) {
    const std::vector<double> x = column(p.x, c);
    const auto m = static_cast<double>(p.m);
    const double mean = sum_in(x, digits, p.order, round) / m;
    const auto squares = each(
        x, [&](double v) { return round((v - mean) * (v - mean), digits); });
    p.mean(c) = mean;
    p.var(c) = sum_in(squares, digits, p.order, round) / m;
  }
}

// The same for a sum of the backward pass.
void sum_short(Pass& p, const WideMatrix& terms, WideRow& sums) {
  const DType dtype = p.problem.x().dtype();
  if (terms.size() == 0 || !is_short(p)) return;
  for (Eigen::Index c = 0; c < terms.cols(); ++c) {
    sums(c) = sum_in(column(terms, c), dtype, p.order);
  }
}

void round_all(WideMatrix& a, DType dtype) {
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a(i) = rounded(static_cast<double>(a(i)), dtype);
  }
}

void round_all(WideRow& a, DType dtype) {
  for (Wide& value : a) value = rounded(static_cast<double>(value), dtype);
}

void round_input(Problem& problem, Input name, DType dtype) {
  const auto it = problem.inputs.find(name);
  if (it == problem.inputs.end()) return;
  Tensor& tensor = it->second;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i,
                    round_to(rounded(tensor.value(i), dtype), tensor.dtype()));
  }
}

void round_outputs(OutputTensors& outputs, DType of, DType through) {
  for (auto& [name, tensor] : outputs) {
    if (tensor.dtype() != of) continue;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i, round_to(rounded(tensor.value(i), through), of));
    }
  }
}

const Defect kArithmeticDefects[] = {
    {"mean_rounded",
     "the mean is rounded to the format of x, then subtracted",
     "XLA TrainingLargeInputs",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            round_all(p.mean, p.problem.x().dtype());
            const WideMatrix d = p.x.rowwise() - p.mean;
            p.var = channel_sum<Wide>(d * d) / p.m;
          }}},
    {"sum_stalls",
     "long sums are added up one by one in f32",
     "MIOpen#1974",
     {.statistics =
          [](Pass& p) {
            if (p.working == DType::f32) {
              two_passes(p, DType::f32, rounded_digits);
            }
          },
      .ordered = true}},
    {"sums_in_format_of_x",
     "f16 or bf16 values are added up in f16 or bf16",
     "pytorch#195701",
     {.statistics =
          [](Pass& p) {
            if (is_short(p)) two_passes(p, p.problem.x().dtype(), rounded);
          },
      .ordered = true}},
    {"squares_in_format_of_x",
     "deviations are squared in f16 or bf16",
     "pytorch PR126525",
     {.statistics =
          [](Pass& p) {
            if (!p.trains() || !is_short(p)) return;
            WideMatrix d = p.x.rowwise() - p.mean;
            d = d * d;
            round_all(d, p.problem.x().dtype());
            p.var = channel_sum<Wide>(d) / p.m;
          }}},
    {"count_in_format_of_x",
     "m is stored in the format of x: 2049 becomes 2048",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const Wide m =
                rounded(static_cast<double>(p.m), p.problem.x().dtype());
            p.mean *= p.m / m;
            p.var *= p.m / m;
          }}},
    {"affine_folded",
     "y = x a + (beta - mean a), with coefficients in the format of x",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!out.contains(Output::y)) return;
            const DType dtype = p.problem.x().dtype();
            WideRow a = p.gamma * p.invstd;
            round_all(a, dtype);
            WideRow rest = p.mean * a;
            round_all(rest, dtype);
            rest = p.beta - rest;
            round_all(rest, dtype);
            WideMatrix product = p.x.rowwise() * a;
            round_all(product, dtype);
            out[Output::y] = product.rowwise() + rest;
          }}},
    {"parameters_in_format_of_x",
     "gamma, beta and the running statistics are cast to the format of x",
     "coreai-torch PR54",
     {.asked =
          [](Problem& problem) {
            for (const Input name : {Input::gamma, Input::beta,
                                     Input::running_mean, Input::running_var}) {
              round_input(problem, name, problem.x().dtype());
            }
          }}},
    {"statistics_in_bf16",
     "mean and variance are stored in bf16",
     "",
     {.statistics =
          [](Pass& p) {
            round_all(p.mean, DType::bf16);
            round_all(p.var, DType::bf16);
          }}},
    {"gradient_sums_in_format_of_x",
     "the gradients of beta and gamma are added up in f16 or bf16",
     "",
     {.reduced =
          [](Pass& p) {
            sum_short(p, p.dy, p.dbeta);
            WideMatrix terms = p.dy.size() == 0 ? p.dy : p.dy * p.xhat;
            round_all(terms, p.problem.x().dtype());
            sum_short(p, terms, p.dgamma);
          },
      .ordered = true}},
    {"xhat_in_format_of_x",
     "xhat is stored in f16 or bf16",
     "",
     {.normalized =
          [](Pass& p) {
            if (is_short(p)) round_all(p.xhat, p.problem.x().dtype());
          }}},
    {"invstd_of_12_bits",
     "an approximate reciprocal root, not refined",
     "",
     {.normalized =
          [](Pass& p) {
            for (Wide& s : p.invstd) {
              if (!std::isfinite(s) || s == 0) continue;
              const int digits = 12 - std::ilogb(s);
              s = std::ldexp(std::floor(std::ldexp(s, digits)), -digits);
            }
            p.xhat = (p.x.rowwise() - p.mean).rowwise() * p.invstd;
          }}},
    {"f32_through_bf16",
     "f32 results pass through bf16",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            round_outputs(out, DType::f32, DType::bf16);
          }}},
    {"f32_through_f16",
     "f32 results pass through f16",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            round_outputs(out, DType::f32, DType::f16);
          }}},
    {"f64_through_f32",
     "f64 is computed in f32",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            round_outputs(out, DType::f64, DType::f32);
          }}},
    {"f16_through_bf16",
     "f16 results pass through bf16",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            round_outputs(out, DType::f16, DType::bf16);
          }}},
};

}  // namespace

std::span<const Defect> arithmetic_defects() { return kArithmeticDefects; }

}  // namespace exactbn
