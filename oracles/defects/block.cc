// SPDX-License-Identifier: Apache-2.0
// Kernels that work in blocks and mishandle the tail.
#include "oracles/defects/families.h"

namespace exactbn {

namespace {

// The rows of whole blocks. Fewer rows than a block are summed correctly.
template <Eigen::Index block>
Eigen::Index whole(Eigen::Index rows) {
  return rows < block ? rows : rows / block * block;
}

template <Eigen::Index block>
void drop_tail(Pass& p) {
  if (!p.trains()) return;
  const Eigen::Index n = whole<block>(p.x.rows());
  const WideMatrix x = p.x.topRows(n);
  p.mean = channel_sum<Wide>(x) / p.m;
  const WideMatrix d = x.rowwise() - p.mean;
  p.var = channel_sum<Wide>(d * d) / p.m;
}

template <Eigen::Index block>
void drop_tail_of_gradients(Pass& p) {
  if (!p.backward()) return;
  const Eigen::Index n = whole<block>(p.dy.rows());
  p.dbeta = channel_sum<Wide>(p.dy.topRows(n));
  p.dgamma = channel_sum<Wide>((p.dy * p.xhat).topRows(n));
}

template <Eigen::Index block>
void leave_tail(const Pass& p, WideOutputs& out) {
  const Eigen::Index n = whole<block>(p.x.rows());
  for (auto& [name, values] : out) {
    if (shaped_like_x(name)) values.bottomRows(values.rows() - n) = 0;
  }
}

// The results of channels `most` and above.
template <Eigen::Index most>
void leave_channels(const Pass&, WideOutputs& out) {
  for (auto& [name, values] : out) {
    const Eigen::Index n = std::min<Eigen::Index>(most, values.cols());
    values.rightCols(values.cols() - n) = 0;
  }
}

template <Eigen::Index block>
void leave_channel_tail(const Pass&, WideOutputs& out) {
  for (auto& [name, values] : out) {
    values.rightCols(values.cols() - whole<block>(values.cols())) = 0;
  }
}

// Channel c gets the statistics of channel c mod `count`.
template <Eigen::Index count>
void wrap_channels(Pass& p) {
  for (Eigen::Index c = count; c < p.mean.cols(); ++c) {
    p.mean(c) = p.mean(c % count);
    p.var(c) = p.var(c % count);
  }
}

template <Eigen::Index most>
void sum_at_most(Pass& p) {
  if (!p.trains() || p.x.rows() <= most) return;
  const auto [mean, var] = statistics_of(p.x.topRows(most));
  p.mean = mean;
  p.var = var;
}

void leave_last_out(Pass& p) {
  if (!p.trains() || p.x.rows() < 2) return;
  p.mean -= p.x.bottomRows(1) / p.m;
}

const Defect kBlockDefects[] = {
    {"sum_tail_of_4",
     "sums leave out the tail after vectors of 4",
     "",
     {.statistics = drop_tail<4>}},
    {"sum_tail_of_8",
     "sums leave out the tail after vectors of 8",
     "",
     {.statistics = drop_tail<8>}},
    {"sum_tail_of_32",
     "sums leave out the tail after warps of 32",
     "",
     {.statistics = drop_tail<32>}},
    {"sum_tail_of_64",
     "sums leave out the tail after blocks of 64",
     "",
     {.statistics = drop_tail<64>}},
    {"sum_tail_of_128",
     "sums leave out the tail after blocks of 128",
     "",
     {.statistics = drop_tail<128>}},
    {"sum_tail_of_256",
     "sums leave out the tail after blocks of 256",
     "",
     {.statistics = drop_tail<256>}},
    {"sum_tail_of_512",
     "sums leave out the tail after blocks of 512",
     "",
     {.statistics = drop_tail<512>}},
    {"sum_tail_of_1024",
     "sums leave out the tail after blocks of 1024",
     "",
     {.statistics = drop_tail<1024>}},
    {"gradient_tail_of_16",
     "gradients leave out the tail after vectors of 16",
     "",
     {.reduced = drop_tail_of_gradients<16>}},
    {"gradient_tail_of_256",
     "gradients leave out the tail after blocks of 256",
     "",
     {.reduced = drop_tail_of_gradients<256>}},
    {"gradient_tail_of_1024",
     "gradients leave out the tail after blocks of 1024",
     "",
     {.reduced = drop_tail_of_gradients<1024>}},
    {"unwritten_tail_of_8",
     "the tail after vectors of 8 is not written",
     "",
     {.computed = leave_tail<8>}},
    {"unwritten_tail_of_64",
     "the tail after blocks of 64 is not written",
     "",
     {.computed = leave_tail<64>}},
    {"unwritten_tail_of_256",
     "the tail after blocks of 256 is not written",
     "",
     {.computed = leave_tail<256>}},
    {"unwritten_tail_of_1024",
     "the tail after blocks of 1024 is not written",
     "",
     {.computed = leave_tail<1024>}},
    {"channel_tail_of_4",
     "channels left after vectors of 4 are not written",
     "",
     {.computed = leave_channel_tail<4>}},
    {"channel_tail_of_16",
     "channels left after blocks of 16 are not written",
     "",
     {.computed = leave_channel_tail<16>}},
    {"channel_tail_of_32",
     "channels left after blocks of 32 are not written",
     "",
     {.computed = leave_channel_tail<32>}},
    {"channels_beyond_1024",
     "channels beyond 1024 threads are not written",
     "",
     {.computed = leave_channels<1024>}},
    {"channels_wrap_at_64",
     "channel c has the statistics of c mod 64",
     "",
     {.statistics = wrap_channels<64>}},
    {"channels_wrap_at_256",
     "channel c has the statistics of c mod 256",
     "",
     {.statistics = wrap_channels<256>}},
    {"last_channel_copied",
     "the last channel has the statistics of the one "
     "before",
     "",
     {.statistics =
          [](Pass& p) {
            const Eigen::Index last = p.mean.cols() - 1;
            if (last == 0) return;
            p.mean(last) = p.mean(last - 1);
            p.var(last) = p.var(last - 1);
          }}},
    {"sums_of_1024_values",
     "only the first 1024 values are summed",
     "",
     {.statistics = sum_at_most<1024>}},
    {"sums_of_32768_values",
     "only the first 32768 values are summed",
     "",
     {.statistics = sum_at_most<32768>}},
    {"last_value_left_out",
     "a loop stops one value too early",
     "",
     {.statistics = leave_last_out}},
    {"first_value_twice",
     "a loop over pairs reads the first value twice",
     "",
     {.statistics =
          [](Pass& p) {
            if (!p.trains() || p.x.rows() % 2 == 0) return;
            p.mean += p.x.row(0) / p.m;
          }}},
};

}  // namespace

std::span<const Defect> block_defects() { return kBlockDefects; }

}  // namespace exactbn
