// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/subject.h"

namespace exactbn::suite {

// float(1e-5) and float(0.1): every implementation can be given these.
inline constexpr double kEpsilon = static_cast<double>(1e-5F);
inline constexpr double kMomentum = static_cast<double>(0.1F);

// The operations of most families; second_order.cc has the others.
inline constexpr std::array kFirstOrder = {
    Operation::forward_training, Operation::forward_inference,
    Operation::backward_training, Operation::backward_inference};

// The formats that most implementations support.
inline constexpr std::array kSuiteDTypes = {DType::f64, DType::f32, DType::f16,
                                            DType::bf16};

// Collects cases, and draws the ordinary data that they start from.
class Suite {
 public:
  explicit Suite(std::uint64_t seed) : seed_(seed) {}

  // A problem that every correct implementation solves: each channel is normal
  // with its own mean and deviation, no parameter or statistic is at its
  // default or near another. Parameters are in the format of x, or in f32 if x
  // is f16 or bf16. The problem depends only on the arguments and the seed, so
  // a case stays the same when others are added.
  Problem draw(std::string_view label, Operation operation, DType dtype,
               const Shape& shape, int channel_axis = 1) const;

  void add(Problem problem, std::initializer_list<std::string> labels);

  std::vector<Case> take() { return std::move(cases_); }

 private:
  std::uint64_t seed_;
  std::vector<Case> cases_;
};

// The functions below change an input of a problem, and do nothing if it is
// absent. They round values to the format of the input.

// Fills the input with values[0], values[1], ..., repeated as often as needed.
void set(Problem& problem, Input name, std::span<const double> values);
void set(Problem& problem, Input name, std::initializer_list<double> values);
// The same for one channel of an input shaped like x.
void set_channel(Problem& problem, Input name, std::int64_t channel,
                 std::initializer_list<double> values);
// Every value times `scale`, plus `offset`.
void transform(Problem& problem, Input name, double scale, double offset);
// The input in another format.
void convert(Problem& problem, Input name, DType dtype);

// Scales x and all statistics, as if x were measured in another unit.
void rescale(Problem& problem, double factor);
// Adds `distance` to x and to the running mean.
void shift(Problem& problem, double distance);

// The families of cases, each in a file of this folder.
void add_worked_examples(Suite& suite);
void add_shapes(Suite& suite);
void add_parameters(Suite& suite);
void add_running_statistics(Suite& suite);
void add_small_counts(Suite& suite);
void add_epsilons(Suite& suite);
void add_cancellation(Suite& suite);
void add_range(Suite& suite);
void add_gradients(Suite& suite);
void add_second_order(Suite& suite);
void add_nonfinite(Suite& suite);
void add_defects(Suite& suite);

}  // namespace exactbn::suite
