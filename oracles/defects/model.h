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

// The order in which a sum in short precision adds its terms.
enum class Order : std::uint8_t { forward, reversed, pairwise, lanes };

// Batch normalization of one problem, split into the stages of the formulas, so
// that the model of a defect can change any intermediate value. If nothing is
// changed, the outputs are right to about 2^-60.
struct Pass {
  Pass(const Problem& p, Order summed_in,
       RunningVariance divided = RunningVariance::unbiased);

  // The stages, in this order.
  void read();
  void find_statistics();
  void normalize();
  void reduce();
  WideOutputs outputs() const;

  // The batch variance that enters the running variance.
  WideRow for_running(const WideRow& biased) const;

  bool trains() const { return normalizes_by_batch(problem.operation); }
  bool backward() const { return dy.size() != 0 && u.size() == 0; }

  const Problem& problem;
  Order order;
  RunningVariance divisor;  // of the variance that enters running_var
  DType working;            // the usual format of sums

  // How x and dy lie in memory. Outputs have the layout of x.
  ChannelView view;
  ChannelView dy_view;

  // read: m x C, and one value per channel. u is the direction x_dot or ddx,
  // and along_* are its counterparts for the parameters. Inputs that the
  // operation does not take are empty; absent gamma is 1 and other absent
  // parameters are 0.
  Wide m = 1;
  Wide epsilon = 0;
  WideMatrix x, dy, u;
  WideRow gamma, beta, along_gamma, along_beta;
  WideRow old_mean, old_var;  // the running statistics

  // find_statistics: the statistics that normalize, those that the batch
  // contributes to the running statistics, and their weights.
  WideRow mean, var;
  WideRow batch_mean, batch_var;
  Wide weight_old = 0;
  Wide weight_new = 1;

  // normalize
  WideRow invstd;
  WideMatrix xhat;

  // reduce: the two sums, and the means that dx uses, which are 0 with frozen
  // statistics.
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

// State left by earlier calls.
struct Memory {
  std::map<Operation, WideOutputs> last;  // outputs of the last call
  bool poisoned = false;  // whether any batch held NaN or an infinity
};

// The changes that a defect makes, each after the stage of its name; null
// changes nothing.
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
  // Whether sums use short precision, so that their order matters.
  bool ordered = false;
  // Where the answers differ from right ones: `all` if only where an
  // intermediate leaves the range of the working format.
  Domain domain = Domain::ordinary;
};

// The answer of a model. An empty model gives the right answer if the running
// variance follows `divisor`.
OutputTensors answer_of(const Model& model, const Problem& problem, Order order,
                        Memory& memory,
                        RunningVariance divisor = RunningVariance::unbiased);

}  // namespace exactbn
