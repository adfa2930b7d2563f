// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/labels.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

namespace exactbn {

namespace {

using enum Severity;

constexpr Label kLabels[] = {
    {"WorkedExample",
     "Small integers whose exact answer can be checked by hand.", serious},
    {"PrimeShape",
     "Distinct prime extents: statistics over the wrong axes, or a layout "
     "misread.",
     serious, "tfjs#1106"},
    {"OtherRank", "Rank 2, 3 or 5: a kernel that knows only images.", serious},
    {"ChannelsLast", "The channel is the last axis.", serious,
     "pytorch#175189 pytorch#121651"},
    {"SingleChannel", "One channel: strides and broadcasting of extent 1.",
     serious},
    {"ManyChannels",
     "65 or 1030 channels: a tail after 64 lanes, or 1024 threads.", serious},
    {"OddSpatial",
     "Odd spatial extents: a vector load that crosses into the next channel.",
     serious, "rocm-libraries#6765"},
    {"ResNetShape", "A layer of ResNet-50 at a small batch.", serious},
    {"BlockTail",
     "m at or beside a power of 2 from 4 to 2048: the tail of a blocked sum.",
     serious},
    {"ChannelTail",
     "C at or beside a power of 2 from 2 to 256: the tail of a block of "
     "channels.",
     serious},
    {"LongSum", "A long sum that stalls in f32 when it is added up one by one.",
     moderate, "MIOpen#1974"},
    {"UnequalChannels",
     "Channels whose scales differ by 2^16: values or statistics of one "
     "channel "
     "used in another.",
     serious},
    {"Drift",
     "Samples whose means differ: shards weighted alike (pytorch#22192), or "
     "each normalized by itself (tfjs#1106).",
     serious, "pytorch#22192 Paddle#32464 tfjs#1106"},
    {"Outlier", "One value a thousand deviations off.", moderate},
    {"NoGamma", "gamma absent: it is 1.", serious,
     "ipex-llm#2012 tt-metal#5317"},
    {"NoBeta", "beta absent: it is 0.", serious, "ipex-llm#2012 tt-metal#5317"},
    {"ZeroGamma", "gamma 0: y is beta, dx is 0, dgamma is not 0.", serious},
    {"NegativeGamma", "gamma below 0 in every channel.", serious},
    {"LargeBeta", "beta far larger than gamma.", moderate},
    {"HalfParameters", "gamma, beta and the statistics in f16 or bf16, as x.",
     moderate},
    {"WideParameters",
     "f32 statistics beyond f16's range: parameters cast to the format of x.",
     moderate, "coreai-torch#54"},
    {"MomentumZero", "momentum 0: the running statistics keep their values.",
     serious, "pytorch#18525"},
    {"MomentumOne", "momentum 1: the running statistics become the batch's.",
     serious, "onnxruntime#6946 onnxruntime#19742"},
    {"MomentumEighth", "momentum 1/8: the weight is given to the wrong side.",
     serious, "pytorch#18525 oneflow#6055 onnxscript#1289"},
    {"CumulativeAverage", "momentum null: the average over all batches.",
     moderate, "pytorch#40074"},
    {"NoRunningStatistics", "Neither running statistic is given.", moderate},
    {"OneRunningStatistic", "Only one of the running statistics is given.",
     minor, "pytorch#153137"},
    {"ZeroRunningVariance",
     "A running variance of 0: epsilon missing, or added to what is stored.",
     moderate, "ncnn#303 nntrainer#677"},
    {"EpsilonZero", "epsilon 0 on ordinary data.", moderate, "pytorch#166405"},
    {"EpsilonTiny", "epsilon 2^-60: clamped to a minimum.", moderate,
     "tensorflow#8090 tensorflow#37768 onnxruntime#2680"},
    {"EpsilonOne", "epsilon 1: left out, or outside the square root.", serious,
     "darknet#17 ncnn#311"},
    {"ConstantChannel", "A constant channel: y is beta.", serious,
     "pytorch#5410 pytorch#8283 caffe#3963"},
    {"ZeroVariance",
     "A constant channel and epsilon 0: 0/0, by convention NaN or 0.", minor,
     "pytorch#166405"},
    {"SingleValue",
     "One value a channel: y is beta, and the unbiased variance is undefined.",
     moderate, "pytorch#1381 tensorflow#34062 Paddle#11445"},
    {"TwoValues",
     "Two values a channel: the unbiased variance is twice the biased.",
     serious, "tt-metal#55438 mlx#3817 tensorflow#55545 mxnet#21111"},
    {"ThreeValues", "Three values a channel: m is no power of 2.", serious},
    {"TinyVariance",
     "A variance far below epsilon: epsilon missing, or outside the root.",
     serious, "darknet#17 ncnn#311 ncnn#303"},
    {"MeanDominatesVariance",
     "A mean 2^k deviations from 0: E[x^2] - E[x]^2 cancels.", moderate,
     "tensorflow#118701 flax#1491 tt-metal#45968"},
    {"LargeOffset",
     "A mean a hundred deviations from 0: the mean rounded before it is "
     "subtracted, or folded into beta.",
     serious},
    {"NearOverflow",
     "Values so large that their squares only just fit the format of the "
     "sums.",
     moderate},
    {"IntermediateOverflow",
     "The answer is in range, but sums or squares in the format of x "
     "overflow.",
     minor},
    {"IntermediateUnderflow",
     "The answer is in range, but squares in the format of x vanish.", minor},
    {"ProductOverflow",
     "The answer is in range, but gamma times x, dy or invstd, or invstd^3, "
     "overflows.",
     minor},
    {"ResultOverflow", "The exact answer is beyond the format: infinity.",
     minor},
    {"SquareOverflowF16", "f16 values whose squares exceed 65504.", serious,
     "pytorch#195701"},
    {"SumOverflowF16", "f16 values whose sum exceeds 65504.", serious,
     "pytorch#126525"},
    {"Subnormal", "Subnormal inputs whose output is normal: flushed to 0.",
     minor},
    {"NonFiniteChannel",
     "NaN or an infinity in one channel: the other channels stay clean.",
     moderate, "pytorch#90342"},
    {"RoundingTie", "An exact answer midway between two values.", minor},
    {"ConstantDy",
     "dy constant: dx is 0 in training. Proves little, and is never alone.",
     minor, "Odyssey#3174 inplace_abn#155"},
    {"MeanOfDy",
     "dy with a mean of 30 deviations: dx without the term of dbeta "
     "(pytorch#586).",
     serious, "pytorch#586 mxnet#9580"},
    {"SmallGradient", "dy of 2^-14: gradients that vanish without scaling.",
     moderate},
    {"SecondOrder",
     "The forward derivative and the double backward: a term of invstd^3 or "
     "invstd^5 left out.",
     moderate, "pytorch#4422"},
    {"ChannelsFirst", "The channel is the first axis.", moderate},
    {"NoDirection", "A direction absent: it is 0.", moderate},
    {"CancellationLadder",
     "A mean of 2^0 to 2^22 deviations, step by step: E[x^2] - E[x]^2, or a "
     "mean that is rounded before it is subtracted.",
     serious, "tensorflow#118701 flax#1491 tt-metal#45968"},
    {"ScaleLadder",
     "Values of every size that leaves their squares in range: y does not "
     "depend on the unit of x.",
     moderate},
    {"AccumulationStall",
     "A sum in f16 or bf16 that stops growing at its first term.", moderate,
     "MIOpen#1974"},
    {"FoldedAffine",
     "x near a large running mean: a x + (beta - mean a) cancels.", moderate},
    {"Impulse",
     "One value is 1 and all others 0: a wrong index, or a wrong "
     "count in one term.",
     serious},
    {"PoisonedStatistics",
     "Running statistics that are not finite: other channels stay clean.",
     minor, "pytorch#90342"},
    {"HardToRound",
     "An exact answer within 2^-100 of the midpoint of two values: decided, "
     "not estimated.",
     minor},
    {"ReluKnifeEdge",
     "y exactly 0, or an ulp beside it: a ReLU after it, and its gradient, "
     "turn on the sign.",
     moderate},
    {"RunningSteps",
     "Three batches in a row, with the momentum of every framework: the weight "
     "on the wrong side, or an update lost.",
     serious, "pytorch#18525 oneflow#6055 onnxscript#1289 pytorch#20967"},
    {"UnequalShards",
     "Parts of unequal size and unlike means: parts weighted alike.", serious,
     "pytorch#22192 pytorch#36688 Paddle#32464"},
    {"AnyBits",
     "Values of any exponent: intermediate overflow, underflow and "
     "cancellation at once.",
     minor},
    {"AsRequested", "Ordinary values of a shape that was asked for.", serious},
    {"Refused", "Input without an answer: it must be refused, with a reason.",
     minor, "pytorch#166405"},
};

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 3> names = {"serious", "moderate",
                                                     "minor"};
  return names[static_cast<std::size_t>(severity)];
}

std::vector<std::string> threads(const Label& label) {
  std::istringstream words{std::string(label.threads)};
  return {std::istream_iterator<std::string>(words), {}};
}

std::span<const Label> labels() { return kLabels; }

std::optional<Label> find_label(std::string_view name) {
  const auto* it = std::find_if(std::begin(kLabels), std::end(kLabels),
                                [&](const Label& l) { return l.name == name; });
  if (it == std::end(kLabels)) return std::nullopt;
  return *it;
}

}  // namespace exactbn
