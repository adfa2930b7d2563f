// SPDX-License-Identifier: Apache-2.0
// Intermediates that leave the range of a format, NaN, and infinities. No
// digits are lost here, so that only the range can fail.
#include <algorithm>
#include <cmath>

#include "oracles/defects/families.h"
#include "oracles/defects/short_sums.h"

namespace exactbn {

namespace {

void limit(WideMatrix& a, DType dtype) {
  for (Eigen::Index i = 0; i < a.size(); ++i) a(i) = ranged(a(i), dtype);
}
WideRow limited(WideMatrix a, DType dtype) {
  limit(a, dtype);
  return a;
}

// Replaces the bits of every value of an output by f(bits).
template <class F>
void edit_bits(Tensor& tensor, const F& f) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, f(tensor.bits(i)));
  }
}

bool is_subnormal(std::uint64_t bits, DType dtype) {
  const Format f = format(dtype);
  return magnitude(bits, dtype) < std::uint64_t{1} << (f.precision - 1);
}

void flush(Tensor& tensor) {
  edit_bits(tensor, [&](std::uint64_t bits) {
    return is_subnormal(bits, tensor.dtype()) ? 0 : bits;
  });
}

// gamma v first, in the range of the format, then times invstd.
WideMatrix gamma_first(const Pass& p, const WideMatrix& v, DType dtype) {
  WideMatrix product = v.rowwise() * p.gamma;
  limit(product, dtype);
  return product.rowwise() * p.invstd;
}

const Defect kRangeDefects[] = {
    {"squares_leave_range",
     "deviations are squared in the range of the working precision",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            WideMatrix d = p.x.rowwise() - p.mean;
            d = d * d;
            limit(d, p.working);
            p.var = limited(channel_sum<Wide>(d), p.working) / p.m;
          },
      .domain = Domain::all}},
    {"squares_of_x_leave_range",
     "x^2 has the range of the format of x",
     "pytorch PR126525",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const DType dtype = p.problem.x().dtype();
            const WideMatrix squares = p.x * p.x;
            WideMatrix in_range = squares;
            limit(in_range, dtype);
            p.var += channel_sum<Wide>(in_range - squares) / p.m;
          }}},
    {"sum_of_x_leaves_range",
     "the sum of x has the range of the format of x",
     "pytorch#195701",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const DType dtype = p.problem.x().dtype();
            p.mean = limited(p.mean * p.m, dtype) / p.m;
          }}},
    {"gamma_first_in_forward",
     "gamma (x - mean) comes before invstd",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!out.contains(Output::y)) return;
            const WideMatrix d = p.x.rowwise() - p.mean;
            out[Output::y] =
                gamma_first(p, d, p.problem.x().dtype()).rowwise() + p.beta;
          }}},
    {"gamma_first_in_backward",
     "gamma dy comes before invstd",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!p.backward()) return;
            const WideMatrix g = (p.dy.rowwise() - p.mean_dy) -
                                 p.xhat.rowwise() * p.mean_dy_xhat;
            out[Output::dx] = gamma_first(p, g, p.problem.x().dtype());
          }}},
    {"invstd_cubed_leaves_range",
     "the gradient of the variance takes invstd^3 in the working precision",
     "",
     {.reduced =
          [](Pass& p) {
            if (!p.backward() || !p.trains()) return;
            const WideRow cube =
                limited(p.invstd * p.invstd * p.invstd, p.working);
            p.mean_dy_xhat *= cube / (p.invstd * p.invstd * p.invstd);
          },
      .domain = Domain::all}},
    {"scale_leaves_range",
     "gamma invstd has the range of the format of x",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!out.contains(Output::y)) return;
            const WideRow a =
                limited(p.gamma * p.invstd, p.problem.x().dtype());
            const WideMatrix d = p.x.rowwise() - p.mean;
            out[Output::y] = (d.rowwise() * a).rowwise() + p.beta;
          },
      .domain = Domain::all}},
    {"subnormal_inputs_flushed",
     "subnormal inputs are treated as 0",
     "",
     {.asked =
          [](Problem& problem) {
            for (auto& [name, tensor] : problem.inputs) flush(tensor);
          }}},
    {"subnormal_results_flushed",
     "subnormal results become 0",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            for (auto& [name, tensor] : out) flush(tensor);
          }}},
    {"overflow_saturates",
     "overflow gives the largest number",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            for (auto& [name, tensor] : out) {
              const DType dtype = tensor.dtype();
              edit_bits(tensor, [&](std::uint64_t bits) {
                return is_infinite(bits, dtype) ? bits - 1 : bits;
              });
            }
          }}},
    {"nan_becomes_zero",
     "NaN results become 0",
     "",
     {.rounded =
          [](const Problem&, OutputTensors& out) {
            for (auto& [name, tensor] : out) {
              const DType dtype = tensor.dtype();
              edit_bits(tensor, [&](std::uint64_t bits) {
                return is_nan(bits, dtype) ? 0 : bits;
              });
            }
          }}},
    {"nan_inputs_skipped",
     "sums skip NaN",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const WideMatrix x = p.x.isNaN().select(Wide{0}, p.x);
            const auto batch = statistics_of(x);
            p.mean = batch.mean;
            p.var = batch.var;
          }}},
    {"nan_leaks",
     "a NaN or infinity in one channel spoils all channels",
     "",
     {.statistics =
          [](Pass& p) {
            for (const Wide mean : p.mean) {
              if (!std::isfinite(mean)) p.mean.setConstant(NAN);
            }
          }}},
    {"infinite_dy_leaks",
     "a NaN or infinity in one channel of dy spoils all channels",
     "",
     {.reduced =
          [](Pass& p) {
            if (!p.backward()) return;
            for (const Wide sum : p.dbeta) {
              if (!std::isfinite(sum)) p.dbeta.setConstant(NAN);
            }
          }}},
    {"invstd_zero_where_constant",
     "invstd is 0 if the variance is 0",
     "",
     {.normalized =
          [](Pass& p) {
            p.invstd = (p.var == 0).select(Wide{0}, p.invstd);
            p.xhat = (p.x.rowwise() - p.mean).rowwise() * p.invstd;
          }}},
};

}  // namespace

std::span<const Defect> range_defects() { return kRangeDefects; }

}  // namespace exactbn
