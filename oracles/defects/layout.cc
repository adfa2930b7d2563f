// SPDX-License-Identifier: Apache-2.0
// Values and channels that are mistaken for others.
#include <utility>

#include "oracles/defects/families.h"

namespace exactbn {

namespace {

// The values of each row as loads of two read them: an odd row ends with the
// first value of the next channel.
WideMatrix crossing(const WideMatrix& a, const ChannelView& view) {
  WideMatrix read = a;
  if (view.inner % 2 == 0 || view.inner == 1) return read;
  for (std::int64_t n = 0; n < view.outer; ++n) {
    for (std::int64_t c = 0; c + 1 < view.channels; ++c) {
      read((n + 1) * view.inner - 1, c) = a(n * view.inner, c + 1);
    }
  }
  return read;
}

ChannelView channels_last(const ChannelView& view) {
  ChannelView last = view;
  last.outer = view.count();
  last.inner = 1;
  return last;
}

// Assumes that axis 1 holds the channels, although the last axis does.
ChannelView channels_second(const Problem& problem) {
  ChannelView second = problem.view();
  // With the channels first, no batch axis precedes them.
  if (second.inner != 1 || problem.channel_axis == 0) return second;
  second.inner = second.outer / problem.x().shape().front();
  second.outer = problem.x().shape().front();
  return second;
}

// Moves the value of each channel to the next.
WideRow moved(const WideRow& row) {
  WideRow next = row;
  for (Eigen::Index c = 0; c < row.cols(); ++c) {
    next((c + 1) % row.cols()) = row(c);
  }
  return next;
}

const Defect kLayoutDefects[] = {
    {"channels_last_assumed",
     "every tensor is read as channels-last",
     "tfjs#1106",
     {.laid_out = [](Pass& p) { p.view = p.dy_view = channels_last(p.view); }}},
    {"channels_second_assumed",
     "every tensor is read as channels-second",
     "tfjs#1106",
     {.laid_out =
          [](Pass& p) { p.view = p.dy_view = channels_second(p.problem); }}},
    {"dy_channels_last",
     "dy is read as channels-last, whatever x is",
     "pytorch#175189",
     {.laid_out = [](Pass& p) { p.dy_view = channels_last(p.dy_view); }}},
    {"dy_channels_second",
     "dy is read as channels-second, whatever x is",
     "pytorch#175189",
     {.laid_out = [](Pass& p) { p.dy_view = channels_second(p.problem); }}},
    {"dy_expanded",
     "only the first value of each channel of dy is read",
     "pytorch#1866",
     {.read =
          [](Pass& p) {
            for (Eigen::Index c = 0; c < p.dy.cols(); ++c) {
              p.dy.col(c).setConstant(p.dy(0, c));
            }
          }}},
    {"odd_row_crosses",
     "sums load pairs, which cross into the next channel if a row is odd",
     "rocm-libraries PR6765",
     {.statistics =
          [](Pass& p) {
            if (!p.trains()) return;
            const auto batch = statistics_of(crossing(p.x, p.view));
            p.mean = batch.mean;
            p.var = batch.var;
          }}},
    {"odd_row_of_dy_crosses",
     "the sums of gradients load pairs, which cross if a row is odd",
     "rocm-libraries PR6765",
     {.reduced =
          [](Pass& p) {
            if (!p.backward()) return;
            const WideMatrix dy = crossing(p.dy, p.dy_view);
            p.dbeta = channel_sum<Wide>(dy);
            p.dgamma = channel_sum<Wide>(dy * p.xhat);
          }}},
    {"gamma_of_next_channel",
     "gamma is one channel off",
     "",
     {.read = [](Pass& p) { p.gamma = moved(p.gamma); }}},
    {"mean_of_next_channel",
     "the mean is one channel off",
     "",
     {.statistics = [](Pass& p) { p.mean = moved(p.mean); }}},
    {"variance_of_first_channel",
     "every channel uses the variance of the first",
     "",
     {.statistics = [](Pass& p) { p.var.setConstant(p.var(0)); }}},
    {"x_starts_at_second_value",
     "x is read one value too late",
     "",
     {.read =
          [](Pass& p) {
            const Eigen::Index n = p.x.rows() - 1;
            if (n > 0) p.x.topRows(n) = WideMatrix(p.x.bottomRows(n));
          }}},
    {"rows_reversed",
     "results are written from the last row to the first",
     "",
     {.computed =
          [](const Pass&, WideOutputs& out) {
            for (auto& [name, values] : out) {
              values = WideMatrix(values.colwise().reverse());
            }
          }}},
    {"in_place_forward",
     "y overwrites x before the running statistics are computed",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!out.contains(Output::mean)) return;
            const auto [mean, var] = statistics_of(out[Output::y]);
            if (out.contains(Output::running_mean)) {
              out[Output::running_mean] =
                  p.weight_old * p.old_mean + p.weight_new * mean;
            }
            if (out.contains(Output::running_var)) {
              out[Output::running_var] =
                  p.weight_old * p.old_var + p.weight_new * p.for_running(var);
            }
          }}},
    {"in_place_backward",
     "dx overwrites dy before its sums are computed",
     "",
     {.computed =
          [](const Pass& p, WideOutputs& out) {
            if (!p.backward()) return;
            const WideMatrix dx = out[Output::dx];
            out[Output::dbeta] = channel_sum<Wide>(dx);
            out[Output::dgamma] = channel_sum<Wide>(dx * p.xhat);
          }}},
};

}  // namespace

std::span<const Defect> layout_defects() { return kLayoutDefects; }

}  // namespace exactbn
