// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace exactbn {

// What a framework's "momentum" is.
enum class MomentumIs : std::uint8_t {
  weight_of_new,
  weight_of_old,
  // Caffe keeps sums: S = alpha S + batch and s = alpha s + 1, and reads S / s.
  // The new batch has weight 1/s, which falls from 1 to 1 - alpha.
  weight_of_old_sum,
  absent,  // it keeps no running statistics
};

// What the sum of squares is divided by in the running variance; the variance
// that normalizes is over m everywhere.
enum class VarianceDivisor : std::uint8_t { m, m_minus_1 };

// What the forward pass leaves for the backward pass, besides x.
enum class Saved : std::uint8_t {
  mean_and_invstd,
  mean_and_var,
  xhat_and_std,
  up_to_autodiff,
  nothing,  // it has no backward pass
};

struct Convention {
  std::string_view framework;
  std::optional<double> epsilon;   // default; nothing: the caller must say
  std::optional<double> momentum;  // default, as the framework writes it
  MomentumIs momentum_is;
  VarianceDivisor running_var;
  Saved saved;
};

// One row a framework, by its name in lower case.
std::span<const Convention> conventions();

// Nothing where the framework is not in the table.
std::optional<Convention> find_convention(std::string_view framework);

// The momentum of this project for what the framework calls `momentum`: exact
// where it is a double, else the nearest; for Caffe its limit. Throws
// std::invalid_argument where the framework has none.
double converted_weight(const Convention& convention, double momentum);

}  // namespace exactbn
