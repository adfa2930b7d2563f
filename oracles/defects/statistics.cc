// SPDX-License-Identifier: Apache-2.0
// Errors in the mean and variance of the batch: wrong formulas, and the
// one-pass formula, which loses digits.
#include "oracles/defects/families.h"
#include "oracles/defects/short_sums.h"

namespace exactbn {

namespace {

// `size` rows from `first` on.
WideMatrix rows(const WideMatrix& x, Eigen::Index first, Eigen::Index size) {
  return x.middleRows(first, size);
}

// Two shards: a quarter of the rows, at least one, and the rest.
struct Shards {
  BatchStatistics<Wide> a, b;
  Wide share;  // the fraction of the rows in a
};
Shards shards_of(const Pass& p) {
  const Eigen::Index m = p.x.rows();
  const Eigen::Index first = std::max<Eigen::Index>(1, m / 4);
  return {statistics_of(rows(p.x, 0, first)),
          statistics_of(rows(p.x, first, m - first)),
          static_cast<Wide>(first) / p.m};
}

double square(double value, DType format) {
  return rounded(value * value, format);
}

// E[x^2] - E[x]^2.
void one_pass(Pass& p) {
  if (!p.trains()) return;
  const auto round = [&](double value) { return rounded(value, p.working); };
  const auto m = static_cast<double>(p.m);
  for (Eigen::Index c = 0; c < p.x.cols(); ++c) {
    const std::vector<double> x = column(p.x, c);
    const auto squares =
        each(x, [&](double v) { return square(v, p.working); });
    const double mean = round(sum_in(x, p.working, p.order) / m);
    const double second = round(sum_in(squares, p.working, p.order) / m);
    p.mean(c) = mean;
    p.var(c) = round(second - square(mean, p.working));
  }
}

const Defect kStatisticsDefects[] = {
    {"variance_unbiased",
     "normalizes by the unbiased variance, which divides by m - 1",
     "",
     {.statistics =
          [](Pass& p) {
            if (p.trains() && p.m > 1) p.var *= p.m / (p.m - 1);
          }}},
    {"mean_of_m_minus_1",
     "the mean divides by m - 1",
     "",
     {.statistics =
          [](Pass& p) {
            if (p.trains() && p.m > 1) p.mean *= p.m / (p.m - 1);
          }}},
    {"count_plus_one",
     "mean and variance divide by m + 1",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            p.mean *= p.m / (p.m + 1);
            p.var *= p.m / (p.m + 1);
          }}},
    {"count_without_batch",
     "sums divide by the number of values of one sample",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            p.mean *= static_cast<Wide>(p.view.outer);
            p.var *= static_cast<Wide>(p.view.outer);
          }}},
    {"variance_not_centred",
     "the variance is E[x^2]",
     "",
     {.statistics =
          [](Pass& p) {
            if (p.trains()) p.var += p.mean * p.mean;
          }}},
    {"mean_not_subtracted",
     "y is scaled but not centred",
     "",
     {.normalized = [](Pass& p) { p.xhat = p.x.rowwise() * p.invstd; }}},
    {"mean_absolute_deviation",
     "the mean absolute deviation, squared",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const WideMatrix d = p.x.rowwise() - p.mean;
            p.var = (channel_sum<Wide>(d.abs()) / p.m).square();
          }}},
    {"statistics_per_sample",
     "each sample is normalized by itself",
     "tfjs#1106",
     {.normalized =
          [](Pass& p) {
            if (!p.trains()) return;
            for (std::int64_t n = 0; n < p.view.outer; ++n) {
              const WideMatrix x = rows(p.x, n * p.view.inner, p.view.inner);
              const auto [mean, var] = statistics_of(x);
              p.xhat.middleRows(n * p.view.inner, p.view.inner) =
                  normalize<Wide>(x, mean, var, p.epsilon);
            }
          }}},
    {"first_sample_only",
     "the statistics use the first sample only",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const auto batch = statistics_of(rows(p.x, 0, p.view.inner));
            p.mean = batch.mean;
            p.var = batch.var;
          }}},
    {"all_channels_together",
     "one mean and variance for all channels",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const Wide mean = p.mean.mean();
            p.var.setConstant((p.var + (p.mean - mean).square()).mean());
            p.mean.setConstant(mean);
          }}},
    {"shards_weighted_alike",
     "the mean and E[x^2] of unequal shards are averaged without weights",
     "pytorch#22192",
     {.statistics =
          [](Pass& p) {
            if (!p.trains() || p.m < 2) return;
            const auto [a, b, share] = shards_of(p);
            p.mean = (a.mean + b.mean) / 2;
            p.var = (a.var + b.var) / 2 + ((a.mean - b.mean) / 2).square();
          }}},
    {"variance_between_shards_lost",
     "the variance is the mean of the shards' variances",
     "Paddle#32464",
     {.statistics =
          [](Pass& p) {
            if (!p.trains() || p.m < 2) return;
            const auto [a, b, share] = shards_of(p);
            p.var = share * a.var + (1 - share) * b.var;
          }}},
    {"saved_variance_is_deviation",
     "the saved variance is its square root",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (out.contains(Output::var)) out[Output::var] = p.var.sqrt();
          }}},
    {"saved_variance_is_invstd",
     "invstd is saved as the variance",
     "",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            if (out.contains(Output::var))
              out[Output::var] = out[Output::invstd];
          }}},
    {"saved_mean_is_running",
     "the saved mean is the running mean",
     "",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            if (out.contains(Output::running_mean))
              out[Output::mean] = out[Output::running_mean];
          }}},
    {"running_statistics_in_training",
     "training normalizes with the running statistics",
     "",
     {.statistics =
          [](Pass& p) {
            if (p.trains() && p.problem.find(Input::running_mean)) {
              p.mean = p.old_mean;
            }
            if (p.trains() && p.problem.find(Input::running_var))
              p.var = p.old_var;
          }}},
    {"batch_statistics_in_inference",
     "inference normalizes with the statistics of its batch",
     "pytorch/xla#913",
     {.statistics =
          [](Pass& p) {
            if (p.trains()) return;
            const auto batch = statistics_of(p.x);
            p.mean = batch.mean;
            p.var = batch.var;
          }}},
    {"variance_one_pass",
     "E[x^2] - mean^2 in the precision of the sums",
     "tensorflow#118701",
     {.statistics = one_pass, .ordered = true}},
    {"variance_one_pass_clamped",
     "max(0, E[x^2] - mean^2)",
     "flax#1491",
     {.statistics =
          [](Pass& p) {
            one_pass(p);
            if (p.trains()) p.var = (p.var < 0).select(Wide{0}, p.var);
          },
      .ordered = true}},
};

}  // namespace

std::span<const Defect> statistics_defects() { return kStatisticsDefects; }

}  // namespace exactbn
