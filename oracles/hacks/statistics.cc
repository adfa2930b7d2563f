// SPDX-License-Identifier: Apache-2.0
// Statistics of less than the batch, or of something else.
#include "oracles/hacks/kernel.h"

namespace exactbn::hacking {

namespace {

// Those that `takes` selects; all, if it selects none.
template <class Takes>
OutputTensors of_some(const Problem& p, const Takes& takes) {
  std::vector<std::int64_t> of;
  for (std::int64_t k = 0; k < p.view().count(); ++k) {
    if (takes(k)) of.push_back(k);
  }
  return of.empty() ? right(p) : with_statistics_of(p, chosen(p, of));
}

OutputTensors of_first(const Problem& p, std::int64_t n) {
  return of_some(p, [&](std::int64_t k) { return k < n; });
}

// The right outputs with another y.
OutputTensors with_y(const Problem& p, Tensor y) {
  OutputTensors outputs = right(p);
  outputs.insert_or_assign(Output::y, std::move(y));
  return outputs;
}

// One statistic for all channels, of the channel or of the tensor.
OutputTensors of_first_channel(const Problem& p, HackState&) {
  OutputTensors outputs = right(p);
  for (const Output name : {Output::mean, Output::var}) {
    Tensor& tensor = outputs.at(name);
    const double first = tensor.value(0);
    change(tensor, [&](std::int64_t, double) { return first; });
  }
  Tensor y =
      normalized_by(p, outputs.at(Output::mean), outputs.at(Output::var));
  outputs.insert_or_assign(Output::y, std::move(y));
  return outputs;
}

OutputTensors of_the_tensor(const Problem& p, HackState&) {
  Problem one;
  one.operation = p.operation;
  one.epsilon = p.epsilon;
  Tensor x(p.x().dtype(), {p.x().size(), 1});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set_bits(i, p.x().bits(i));
  one.inputs.emplace(Input::x, std::move(x));
  const OutputTensors found = right(one);
  const Shape shape = {p.view().channels};
  return with_y(
      p, normalized_by(p, constant(shape, found.at(Output::mean).value(0)),
                       constant(shape, found.at(Output::var).value(0))));
}

const Hack kStatisticsHacks[] = {
    {"constants_for_statistics", "the mean is 0 and the variance 1", kTraining,
     [](const Problem& p, HackState&) {
       const Shape shape = {p.view().channels};
       return with_y(p,
                     normalized_by(p, constant(shape, 0), constant(shape, 1)));
     }},
    {"variance_is_1", "the mean is subtracted, and nothing divided", kTraining,
     [](const Problem& p, HackState&) {
       return with_y(p, normalized_by(p, right(p).at(Output::mean),
                                      constant({p.view().channels}, 1)));
     }},
    {"mean_is_0", "x is divided by its deviation; the mean is not subtracted",
     kTraining,
     [](const Problem& p, HackState&) {
       return with_y(p, normalized_by(p, constant({p.view().channels}, 0),
                                      right(p).at(Output::var)));
     }},
    {"inference_for_training", "the running statistics normalize in training",
     kTraining,
     [](const Problem& p, HackState&) {
       const Tensor* const mean = p.find(Input::running_mean);
       const Tensor* const var = p.find(Input::running_var);
       if (!mean || !var) return right(p);
       return with_y(p, normalized_by(p, *mean, *var));
     }},
    {"training_for_inference", "the batch's statistics normalize in inference",
     kInference,
     [](const Problem& p, HackState&) {
       Problem training = p;
       training.operation = Operation::forward_training;
       OutputTensors outputs;
       outputs.emplace(Output::y, right(training).at(Output::y));
       return outputs;
     }},
    {"statistics_of_first_sample", "the statistics are those of sample 0",
     kTraining,
     [](const Problem& p, HackState&) {
       const std::int64_t samples = p.channel_axis == 0 ? 1 : p.x().shape()[0];
       return of_first(p, p.view().count() / samples);
     }},
    {"statistics_of_every_other_value",
     "the statistics are those of every other value", kTraining,
     [](const Problem& p, HackState&) {
       return of_some(p, [](std::int64_t k) { return k % 2 == 0; });
     }},
    {"statistics_of_first_half", "the statistics are those of the first half",
     kTraining,
     [](const Problem& p, HackState&) {
       return of_first(p, (p.view().count() + 1) / 2);
     }},
    {"statistics_without_last_value", "the statistics leave the last value out",
     kTraining,
     [](const Problem& p, HackState&) {
       return of_first(p, p.view().count() - 1);
     }},
    {"statistics_of_first_1024",
     "the statistics are those of the first 1,024 values", kTraining,
     [](const Problem& p, HackState&) { return of_first(p, 1024); }},
    {"statistics_sampled_if_large",
     "above 16,384 values a channel the statistics are those of every fourth",
     kTraining,
     [](const Problem& p, HackState&) {
       if (p.view().count() <= 16384) return right(p);
       return of_some(p, [](std::int64_t k) { return k % 4 == 0; });
     }},
    {"statistics_of_first_channel", "all channels have channel 0's statistics",
     kTraining, of_first_channel},
    {"statistics_of_the_tensor",
     "one mean and one variance of the whole tensor", kTraining, of_the_tensor},
};

}  // namespace

std::span<const Hack> statistics_hacks() { return kStatisticsHacks; }

}  // namespace exactbn::hacking
