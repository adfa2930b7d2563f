// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "oracles/hacks.h"

// What the hacks are made of. Most ask a right kernel another question, or
// change its answer.
namespace exactbn::hacking {

inline constexpr NameList kTraining = {Operation::forward_training};
inline constexpr NameList kInference = {Operation::forward_inference};
inline constexpr NameList kForward = {Operation::forward_training,
                                      Operation::forward_inference};
inline constexpr NameList kBackward = {Operation::backward_training};
inline constexpr NameList kBoth = {Operation::forward_training,
                                   Operation::backward_training};

// The right outputs.
OutputTensors right(const Problem& problem);

// The same values of each channel in [values, channels]: those numbered `of`.
Problem chosen(const Problem& problem, const std::vector<std::int64_t>& of);
// The first n of each channel.
Problem first_values(const Problem& problem, std::int64_t n);

// A tensor in f32.
Tensor constant(const Shape& shape, double value);

// y normalized by these statistics.
Tensor normalized_by(const Problem& problem, const Tensor& mean,
                     const Tensor& var);

// The outputs of forward_training with the statistics of another question.
OutputTensors with_statistics_of(const Problem& problem, const Problem& other);

// Replaces each value of an output; `replace` takes its place and its value.
template <class Replace>
void change(Tensor& tensor, const Replace& replace) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, round_to(replace(i, tensor.value(i)), tensor.dtype()));
  }
}

// Sets all outputs to 0.
OutputTensors zeros(OutputTensors outputs);

// The operation, the formats and the shapes.
std::string shape_key(const Problem& problem);
// A digest of every `step`-th value of an input, of the first `most`.
std::string values_key(const Tensor& tensor, std::int64_t step = 1,
                       std::int64_t most = INT64_MAX);
// Digests of all inputs.
std::string inputs_key(const Problem& problem);

std::span<const Hack> statistics_hacks();
std::span<const Hack> output_hacks();
std::span<const Hack> memory_hacks();
std::span<const Hack> call_hacks();
std::span<const Hack> running_hacks();
std::span<const Hack> parameter_hacks();
std::span<const Hack> gradient_hacks();
std::span<const Hack> input_hacks();

}  // namespace exactbn::hacking
