// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace exactbn {

// What a framework's "momentum" means.
enum class MomentumIs : std::uint8_t {
  weight_of_new,
  weight_of_old,
  // Caffe keeps sums: S = alpha S + batch and s = alpha s + 1, and reads S / s.
  // The new batch has weight 1/s, which falls from 1 to 1 - alpha.
  weight_of_old_sum,
  absent,  // it keeps no running statistics
};

// The divisor of the running variance. All frameworks normalize by the variance
// over m.
enum class VarianceDivisor : std::uint8_t { m, m_minus_1 };

// What the forward pass saves for the backward pass, besides x.
enum class Saved : std::uint8_t {
  mean_and_invstd,
  mean_and_var,
  xhat_and_std,
  up_to_autodiff,
  nothing,  // it has no backward pass
};

struct Convention {
  std::string_view framework;
  std::optional<double> epsilon;   // default; empty: the caller must give it
  std::optional<double> momentum;  // default, as the framework writes it
  MomentumIs momentum_is;
  VarianceDivisor running_var;
  Saved saved;
};

// One row per framework; names are in lower case.
std::span<const Convention> conventions();

// Empty if the framework is not in the table.
std::optional<Convention> find_convention(std::string_view framework);

// Converts a framework's `momentum` to this project's: the exact value if it is
// a double, else the nearest; for Caffe, the limit. Throws
// std::invalid_argument if the framework has no momentum.
double converted_weight(const Convention& convention, double momentum);

}  // namespace exactbn
