// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "oracles/subject.h"
#include "reference/textbook/outputs.h"
#include "reference/ulp.h"

namespace exactbn {

using WideMatrix = Matrix<Wide>;
using WideRow = Row<Wide>;
using WideOutputs = Outputs<Wide>;

// In what order a sum in short precision adds its terms.
enum class Order : std::uint8_t { forward, reversed, pairwise, lanes };

// Batch normalization of one problem, laid open in the stages of the formulas,
// so that a model of a defect can change any value on the way. As long as none
// is changed the outputs are right to about 2^-60.
struct Pass {
  Pass(const Problem& p, Order summed_in,
       RunningVariance divided = RunningVariance::unbiased);

  // The stages, in this order.
  void read();
  void find_statistics();
  void normalize();
  void reduce();
  WideOutputs outputs() const;

  // What the variance of a batch gives to the running one.
  WideRow for_running(const WideRow& biased) const;

  bool trains() const { return normalizes_by_batch(problem.operation); }
  bool backward() const { return dy.size() != 0 && u.size() == 0; }

  const Problem& problem;
  Order order;
  RunningVariance divisor;  // of the variance that goes into running_var
  DType working;            // the format in which a usual implementation sums

  // How x, and dy, lie in memory. Outputs are laid out as x.
  ChannelView view;
  ChannelView dy_view;

  // read: m x C, and one value a channel. u is the direction x_dot or ddx, and
  // along_* what belongs to it; what the operation does not take is empty, or
  // 1 for gamma and 0 for the other parameters.
  Wide m = 1;
  Wide epsilon = 0;
  WideMatrix x, dy, u;
  WideRow gamma, beta, along_gamma, along_beta;
  WideRow old_mean, old_var;  // the running statistics

  // find_statistics: what normalizes, and what the batch gives to the running
  // statistics with which weights.
  WideRow mean, var;
  WideRow batch_mean, batch_var;
  Wide weight_old = 0;
  Wide weight_new = 1;

  // normalize
  WideRow invstd;
  WideMatrix xhat;

  // reduce: the two sums, and their means as dx uses them, which are 0 with
  // frozen statistics.
  WideRow dbeta, dgamma;
  WideRow mean_dy, mean_dy_xhat;
  // mean(u), mean(u xhat), mean(u (dy - mean dy)); and grad_x
  //   = along_gamma invstd g - gamma invstd^2 [cubic - third xhat b p],
  //   cubic = weights[0] xhat c + weights[1] (dy - a) p + weights[2] (u - ..) b
  // with a, b the means above.
  WideRow mean_u, mean_u_xhat, mean_u_dy;
  Wide third = 3;
  std::array<Wide, 3> weights = {1, 1, 1};
};

// The mean and the biased variance of each channel.
BatchStatistics<Wide> statistics_of(const WideMatrix& x);

// What earlier calls have left behind.
struct Memory {
  std::map<Operation, WideOutputs> last;  // outputs of the last call
  bool poisoned = false;  // whether any batch held NaN or an infinity
};

// What a model changes, each after the stage that its name tells; null changes
// nothing.
struct Model {
  void (*asked)(Problem& problem) = nullptr;  // before everything
  void (*laid_out)(Pass& pass) = nullptr;     // the views, before `read`
  void (*read)(Pass& pass) = nullptr;
  void (*statistics)(Pass& pass) = nullptr;  // mean and var alone
  void (*averaged)(Pass& pass) = nullptr;    // batch_mean, weight_new, ...
  void (*normalized)(Pass& pass) = nullptr;
  void (*reduced)(Pass& pass) = nullptr;
  void (*computed)(const Pass& pass, WideOutputs& outputs) = nullptr;
  void (*recalled)(const Memory& memory, const Pass& pass,
                   WideOutputs& outputs) = nullptr;
  void (*rounded)(const Problem& problem, OutputTensors& outputs) = nullptr;
  // Whether sums are in short precision, so that their order matters.
  bool ordered = false;
};

// The answer of a model; one with nothing in it is right, where the running
// variance takes what `divisor` says.
OutputTensors answer_of(const Model& model, const Problem& problem, Order order,
                        Memory& memory,
                        RunningVariance divisor = RunningVariance::unbiased);

}  // namespace exactbn
