// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "oracles/subject.h"

namespace exactbn::probing {

// Values by channel: columns[c][k] is value k of channel c.
using ChannelValues = std::vector<std::vector<double>>;

// How a question is put to the subject: formats, rank, channel axis.
struct Encoding {
  DType dtype = DType::f32;       // of x and tensors shaped like it
  DType parameters = DType::f32;  // of all others
  int rank = 2;
  int axis = 1;
  // Whether the values of a channel extend over all axes but the channel's, or
  // only over the first of them.
  bool spread = false;

  bool operator==(const Encoding&) const = default;
};

// "f32, rank 4, channel axis 1"
std::string to_string(const Encoding& encoding);

// A problem without an encoding. Empty fields mean 1 for gamma and running_var,
// 0 for beta and running_mean, and ordinary numbers for dy and the direction.
struct Question {
  Operation operation = Operation::forward_training;
  ChannelValues x;
  double epsilon = 0.25;
  std::optional<double> momentum = 0.25;
  std::int64_t batches_tracked = 0;
  std::vector<double> gamma = {}, beta = {};
  std::vector<double> running_mean = {}, running_var = {};
  ChannelValues dy = {};
};

// Contains every input of the operation except optional directions.
Problem problem_of(const Question& question, const Encoding& encoding);

// Three channels of twelve small integers, which every format holds.
Question ordinary_question(Operation operation);

// The values of an output by channel, in their order in the channel: the same
// for every encoding. Nothing if the answer has no such output.
std::optional<std::vector<double>> values_of(const Problem& problem,
                                             const Answer& answer,
                                             Output output);

// The exact values in the same order, rounded to f64; running_var_biased is an
// output too.
std::vector<double> exact_values(const Problem& problem, Output output);

// All numbers of all outputs of the answer.
std::vector<double> all_values(const Problem& problem, const Answer& answer);

}  // namespace exactbn::probing
