// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula/slots.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "oracles/format_names.h"

namespace exactbn::formula {

namespace {

using Texts = std::span<const std::string_view>;

// In the order of the enumerations. "{}" is the output.
constexpr std::string_view kInputs[] = {
    "",
    "x is rounded to f32 first",
    "x is rounded to f16 first",
    "x is rounded to bf16 first",
    "dy is rounded to f32 first",
    "dy is rounded to f16 first",
    "dy is rounded to bf16 first",
    "gamma, beta and the running statistics are rounded to the format of x",
    "gamma, beta and the running statistics are rounded to f32",
    "gamma, beta and the running statistics are rounded to f16",
    "gamma, beta and the running statistics are rounded to bf16",
    "dy counts only where y is positive, as after a ReLU",
    "dy counts only where x is positive, as after a ReLU",
    "gamma and beta are those of an earlier call",
    "the bits of x are read as the other 16-bit format: f16 for bf16",
    "the bits of dy are read as the other 16-bit format: f16 for bf16",
    "the bits of the parameters are read as the other 16-bit format",
};
constexpr std::string_view kValues[] = {
    "",
    "statistics leave out the last value",
    "statistics leave out the first value",
    "statistics are those of the first sample alone",
    "statistics leave out the last sample",
    "statistics are those of the first half of the values",
    "statistics are those of every second value",
    "statistics leave out what remains after blocks of 4 values",
    "statistics leave out what remains after blocks of 8 values",
    "statistics leave out what remains after blocks of 16 values",
    "statistics leave out what remains after blocks of 32 values",
    "statistics leave out what remains after blocks of 64 values",
    "statistics leave out what remains after blocks of 128 values",
    "statistics leave out what remains after blocks of 256 values",
    "statistics leave out what remains of each row after blocks of 2 values",
    "statistics leave out what remains of each row after blocks of 4 values",
    "statistics leave out what remains of each row after blocks of 8 values",
    "statistics leave out what remains of each row after blocks of 16 values",
    "statistics leave out the last of each four values",
    "statistics leave out the last of each eight values",
    "statistics count the last value twice",
    "statistics count twice where the last block of 4 in a row overlaps",
    "statistics count twice where the last block of 8 in a row overlaps",
    "statistics count twice where the last block of 16 in a row overlaps",
    "statistics are those of the channel before",
    "statistics are those of the channel after",
    "statistics are those of the first channel",
    "statistics are those of the last channel",
    "statistics are those of all channels together",
    "statistics are those of the last sample alone",
    "statistics are those of the second half of the values",
    "statistics are those of the forward pass before, with this shape",
    "statistics are those of the first call with this shape",
    "",  // by the operation
    "statistics are not used: mean 0 and variance 1",
};
// What stands for m, the number of values of a channel.
constexpr std::string_view kCount[] = {
    "m",
    "the number of all values",
    "1",
    "m - 1",
    "m + 1",
    "the number of samples",
    "the number of values of a sample",
    "the number of all values of x",
    "the number of channels",
    "the product of all extents but that of axis 1",
    "the product of all extents but that of the last axis",
    "the extent of the last axis",
    "m rounded up to a multiple of 4",
    "m rounded up to a multiple of 8",
    "m rounded up to a multiple of 16",
    "m rounded up to a multiple of 32",
    "m rounded up to a multiple of 64",
    "m rounded up to a multiple of 128",
    "m rounded up to a multiple of 256",
    "m rounded up to a multiple of 1024",
    "m rounded up to a power of 2",
    "m rounded down to a multiple of 4",
    "m rounded down to a multiple of 8",
    "m rounded down to a multiple of 16",
    "m rounded down to a multiple of 32",
    "m rounded down to a multiple of 64",
    "m rounded down to a multiple of 128",
    "m rounded down to a multiple of 256",
    "m rounded down to a multiple of 1024",
    "m rounded down to a power of 2",
    "m modulo 256",
    "m modulo 65536",
};
constexpr std::string_view kKeptNames[] = {
    "the mean",
    "the variance",
    "1/sqrt(var + eps)",
    "x - mean",
    "xhat",
    "gamma / sqrt(var + eps)",
    "beta - mean gamma / sqrt(var + eps)",
    "gamma xhat, before beta is added,",
    "dbeta, as dx uses it,",
    "dgamma, as dx uses it,",
    "dbeta and dgamma, as dx uses them,",
    "dbeta/m and dgamma/m, as dx uses them,",
    "1/m, as dx uses it,",
    "the bracket that gamma / sqrt(var + eps) multiplies",
    "the statistic of the batch",
    "momentum",
};
constexpr std::string_view kKeptAsNames[] = {"the format of x", "f16", "bf16",
                                             "TF32"};
constexpr std::string_view kCorrection[] = {
    "",
    "the variance is divided by m",
    "the variance is divided by m - 1",
    "the factor m/(m - 1) is applied twice",
    "the factor m/(m - 1) is applied upside down",
    "the sum of squares is not divided by m",
    "the variance is divided by m twice",
    "the factor n/(n - 1) has the number of samples, not of values",
};
constexpr std::string_view kDeviations[] = {
    "",
    "the variance is the mean of x^2: no mean is subtracted",
    "the variance is taken around running_mean",
    "the variance is taken around the first value",
    "the variance squares deviations from the mean of the values before",
    "the variance is that within samples: deviations from the mean of each",
    "the variance is that within rows of the last axis",
    "the variance is that within tiles of 8 values, never merged",
    "the variance is that within tiles of 16 values, never merged",
    "the variance is that within tiles of 32 values, never merged",
    "the variance is that within tiles of 64 values, never merged",
    "the variance is that within tiles of 128 values, never merged",
    "the variance is that within tiles of 256 values, never merged",
    "the variance is that within tiles of 512 values, never merged",
    "the variance is that within tiles of 1024 values, never merged",
    "the variance is that of the channel before",
    "the variance is that of the channel after",
    "the variance is that of the first channel",
};
constexpr std::string_view kEpsilon[] = {
    "",
    "epsilon is missing",
    "epsilon is added twice",
    "epsilon is added to the standard deviation, outside the root",
    "epsilon is a floor of the variance, not added",
    "epsilon is squared",
    "the root of epsilon is added",
    "the root of epsilon is added to the standard deviation",
    "epsilon is 1e-3, whatever is asked",
    "epsilon is 1e-5, whatever is asked",
    "epsilon is 1e-6, whatever is asked",
    "epsilon is 1e-7, whatever is asked",
    "epsilon is 1e-8, whatever is asked",
    "epsilon is 1e-12, whatever is asked",
    "epsilon is subtracted",
    "epsilon is added before the factor m/(m - 1)",
    "epsilon is divided by m",
    "epsilon is multiplied by m",
    "the variance is raised to at least epsilon, which is then added",
    "the variance is raised to at least 1e-5 before epsilon is added",
    "epsilon is raised to at least 1e-5",
};
constexpr std::string_view kRoot[] = {
    "",
    "the root of var + epsilon is missing",
    "multiplied by the standard deviation, not divided",
    "not divided by the standard deviation",
    "the root of var + epsilon is taken twice",
    "divided by (var + epsilon)^(3/2)",
};
constexpr std::string_view kGamma[] = {
    "",
    "gamma is ignored",
    "gamma has the wrong sign",
    "gamma counts twice",
    "gamma is squared",
    "the sign of gamma is lost",
    "1 + gamma stands for gamma",
    "gamma xhat is taken for 0",
    "gamma is that of the channel before",
    "gamma is that of the channel after",
    "gamma is that of the first channel",
    "gamma is that of the last channel",
    "the channels of gamma are reversed",
    "gamma is indexed by the position modulo C, as along a last axis of C",
    "gamma is indexed by the position over m: as if channels were first",
    "gamma is that of the channel modulo 4",
    "gamma is that of the channel modulo 8",
    "gamma is that of the channel modulo 16",
    "gamma is that of the channel modulo 32",
    "gamma is that of the channel modulo 64",
    "gamma is that of the channel modulo 128",
    "gamma is that of the channel modulo 256",
    "gamma is that of the channel modulo 1024",
    "beta stands for gamma",
    "divided by gamma, not multiplied",
    "gamma is divided by the standard deviation once more",
};
constexpr std::string_view kBeta[] = {
    "",
    "beta is ignored",
    "beta has the wrong sign",
    "beta is added twice",
    "beta is squared",
    "the sign of beta is lost",
    "1 + beta stands for beta",
    "beta is taken for 0",
    "beta is that of the channel before",
    "beta is that of the channel after",
    "beta is that of the first channel",
    "beta is that of the last channel",
    "the channels of beta are reversed",
    "beta is indexed by the position modulo C, as along a last axis of C",
    "beta is indexed by the position over m: as if channels were first",
    "beta is that of the channel modulo 4",
    "beta is that of the channel modulo 8",
    "beta is that of the channel modulo 16",
    "beta is that of the channel modulo 32",
    "beta is that of the channel modulo 64",
    "beta is that of the channel modulo 128",
    "beta is that of the channel modulo 256",
    "beta is that of the channel modulo 1024",
    "gamma stands for beta",
    "beta is multiplied by gamma: it is added before the scale",
    "beta is divided by the standard deviation: it is added too early",
};
constexpr std::string_view kCentre[] = {
    "",
    "no mean is subtracted from x",
    "",  // by the operation
    "the mean is added to x, not subtracted",
    "the mean is subtracted twice",
    "the mean of the channel before is subtracted",
    "the mean of the channel after is subtracted",
    "the first value is subtracted, not the mean",
};
constexpr std::string_view kOldWeight[] = {
    "",
    "the old value has the weight momentum",
    "the old value has the weight 1",
    "the old value has no weight",
    "the old value has the weight 0.1, whatever momentum is",
    "the old value has the weight 0.9, whatever momentum is",
    "the old value has the weight of one batch more",
    "the old value has the weight of a null momentum",
};
constexpr std::string_view kNewWeight[] = {
    "",
    "the batch has the weight 1 - momentum",
    "the batch has the weight 1",
    "the batch has no weight",
    "the batch has the weight 0.1, whatever momentum is",
    "the batch has the weight 0.9, whatever momentum is",
    "the batch has the weight 1 over one batch more",
    "the batch has the weight of a null momentum",
};
constexpr std::string_view kResult[] = {
    "",
    "{} is all 0",
    "{} has the wrong sign",
    "{} is twice the right value",
    "{} is half the right value",
    "{} is multiplied by m",
    "{} is divided by m",
    "{} is multiplied by the number of samples",
    "{} is divided by the number of samples",
    "{} has a factor gamma that does not belong there",
    "{} has a factor 1/sqrt(var + eps) too many",
    "{} lacks a factor 1/sqrt(var + eps)",
    "{} is its magnitude: the sign is lost",
    "negative values of {} become 0, as by a ReLU",
    "negative values of {} are multiplied by 0.01, as by a leaky ReLU",
    "negative values of {} are multiplied by 0.1, as by a leaky ReLU",
    "negative values of {} are multiplied by 0.2, as by a leaky ReLU",
    "{} is cut to between 0 and 6, as by ReLU6",
    "a sigmoid is applied to {}",
    "tanh is applied to {}",
    "SiLU is applied to {}",
    "GELU is applied to {}",
    "GELU, approximated by tanh, is applied to {}",
    "ELU is applied to {}",
    "softplus is applied to {}",
    "hard swish is applied to {}",
    "{} is squared",
    "{} is the root of the right value",
    "{} is the inverse of the right value",
    "{} is the old value: it is not updated",
    "{} is x itself",
    "{} is dy itself",
    "{} is xhat: neither scaled nor shifted",
    "square planes of {} are transposed",
};

Texts texts_of(Slot slot) {
  switch (slot) {
    case Slot::inputs:
      return kInputs;
    case Slot::values:
    case Slot::dy_values:
      return kValues;
    case Slot::count:
    case Slot::var_count:
    case Slot::dy_count:
      return kCount;
    case Slot::correction:
      return kCorrection;
    case Slot::deviations:
      return kDeviations;
    case Slot::epsilon:
      return kEpsilon;
    case Slot::root:
      return kRoot;
    case Slot::gamma:
      return kGamma;
    case Slot::beta:
      return kBeta;
    case Slot::centre:
      return kCentre;
    case Slot::old_weight:
      return kOldWeight;
    case Slot::new_weight:
      return kNewWeight;
    default:
      return kResult;
  }
}

constexpr std::size_t kTerms = 14;
// What is wrong with a term. "{}" is the term.
constexpr std::string_view kFactor[] = {
    "",
    "the term of {} is missing",
    "the term of {} has the wrong sign",
    "the term of {} lacks a factor 1/sqrt(var + eps)",
    "the term of {} has a factor 1/sqrt(var + eps) too many",
    "the term of {} has a factor gamma too many",
    "the term of {} counts twice",
    "the term of {} counts half",
    "the term of {} counts three times",
    "the term of {} counts a third",
    "the term of {} has a factor m too many",
    "the term of {} is divided by m once more",
};

bool has_factor(Slot slot) {
  return slot >= Slot::along_gamma && slot <= Slot::of_h;
}

std::string factor_text(const DirectionInputs& direction, Slot slot,
                        std::uint8_t at) {
  const auto term = [&]() -> std::string {
    switch (slot) {
      case Slot::along_gamma:
        return std::string(to_string(direction.gamma));
      case Slot::along_beta:
        return std::string(to_string(direction.beta));
      case Slot::of_u_dy:
        return fmt::format("mean({} dy)", direction.x);
      case Slot::of_u_xhat:
        return fmt::format("mean({} xhat)", direction.x);
      case Slot::of_dy_xhat:
        return "mean(dy xhat)";
      case Slot::of_u_g:
        return fmt::format("xhat mean({} P(dy))", direction.x);
      case Slot::of_g:
        return fmt::format("P(dy) mean({} xhat)", direction.x);
      case Slot::of_h:
        return fmt::format("P({}) mean(dy xhat)", direction.x);
      default:
        return fmt::format("mean(dy xhat) mean({} xhat)", direction.x);
    }
  };
  return fmt::format(fmt::runtime(kFactor[at]), term());
}

// The same for both terms of dx.
std::string term_text(std::string_view sum, Term term) {
  switch (term) {
    case Term::as_defined:
      break;
    case Term::missing:
      return fmt::format("the term of {} is missing", sum);
    case Term::over_m:
      return fmt::format("the term of {} is subtracted, as in training", sum);
    case Term::negative:
      return fmt::format("the term of {} has the wrong sign", sum);
    case Term::sum:
      return fmt::format("the term of {} is not divided by m", sum);
    case Term::over_m_minus_1:
      return fmt::format("{} is divided by m - 1, not m", sum);
    case Term::over_samples:
      return fmt::format("{} is divided by the number of samples, not m", sum);
    case Term::over_row:
      return fmt::format("{} is divided by the values of one sample, not m",
                         sum);
    case Term::over_all:
      return fmt::format(
          "{} is divided by the number of all values of x, not m", sum);
    case Term::with_gamma:
      return fmt::format("the term of {} has a factor gamma too many", sum);
    case Term::with_invstd:
      return fmt::format(
          "the term of {} has a factor 1/sqrt(var + eps) too many", sum);
    case Term::with_std:
      return fmt::format("the term of {} lacks a factor 1/sqrt(var + eps)",
                         sum);
    case Term::twice:
      return fmt::format("the term of {} counts twice", sum);
    case Term::half:
      return fmt::format("the term of {} counts half", sum);
  }
  return {};
}

std::string count_text(Slot slot,
                       const std::optional<DirectionInputs>& direction,
                       std::uint8_t at) {
  if (slot == Slot::dy_count) {
    const std::string sums =
        direction ? fmt::format("sum {0} and sum {0} xhat", direction->x)
                  : std::string("dbeta and dgamma");
    return fmt::format("{} are divided by {}, not by m", sums, kCount[at]);
  }
  if (slot == Slot::var_count) {
    return fmt::format("the sum of squares is divided by {}, not by m",
                       kCount[at]);
  }
  switch (static_cast<Count>(at)) {
    case Count::of_the_channel:  // with fewer values summed
      return fmt::format("divided by {}", kCount[at]);
    case Count::one:
      return "the sum is not divided by the number of values";
    default:
      return fmt::format("statistics are divided by {}, not by m", kCount[at]);
  }
}

std::string kept_text(std::uint8_t at) {
  const auto what = static_cast<std::size_t>(what_is_kept(at));
  const bool plural =
      what_is_kept(at) == Kept::sums || what_is_kept(at) == Kept::means;
  return fmt::format("{} {} rounded to {}", kKeptNames[what],
                     plural ? "are" : "is",
                     kKeptAsNames[static_cast<std::size_t>(kept_as(at))]);
}

// The text for an alternative that is not the right one.
std::string text_of(Operation operation, Output output, Slot slot,
                    std::uint8_t at) {
  const bool trains = normalizes_by_batch(operation);
  const auto& direction = traits(operation).direction;
  if (slot == Slot::from_dbeta || slot == Slot::from_dgamma) {
    const bool first = slot == Slot::from_dbeta;
    const std::string sum =
        direction ? fmt::format("sum {}{}", direction->x, first ? "" : " xhat")
                  : std::string(first ? "dbeta" : "dgamma");
    return term_text(sum, static_cast<Term>(at));
  }
  if (has_factor(slot)) return factor_text(*direction, slot, at);
  if (slot == Slot::count || slot == Slot::var_count ||
      slot == Slot::dy_count) {
    return count_text(slot, direction, at);
  }
  if (slot == Slot::kept) return kept_text(at);
  if (slot == Slot::values &&
      static_cast<Values>(at) == Values::other_statistics) {
    return trains ? "the running statistics normalize, not the batch's"
                  : "the batch's statistics normalize, not the running ones";
  }
  if (slot == Slot::centre && static_cast<Centre>(at) == Centre::other_mean) {
    return trains ? "running_mean is subtracted, not the batch's mean"
                  : "the batch's mean is subtracted, not running_mean";
  }
  std::string text(texts_of(slot)[at]);
  // The variance itself has none: what changes is that it is there.
  if (slot == Slot::epsilon && at == 1 &&
      (output == Output::var || output == Output::running_var)) {
    text = "epsilon is added";
  }
  if (slot == Slot::dy_values) {
    constexpr std::string_view kStatistics = "statistics";
    text.replace(0, kStatistics.size(), "sums of dy");
  }
  if (slot == Slot::result) {
    text = fmt::format(fmt::runtime(text), to_string(output));
  }
  return text;
}

}  // namespace

std::size_t alternatives(Slot slot) {
  if (slot == Slot::from_dbeta || slot == Slot::from_dgamma) return kTerms;
  if (has_factor(slot)) return std::size(kFactor);
  if (slot == Slot::kept) return 1 + kKept * kKeptAs;
  return texts_of(slot).size();
}

bool is_kept(Output output, Kept what) {
  using enum Kept;
  switch (output) {
    case Output::invstd:
      return what == mean || what == var;
    case Output::running_mean:
    case Output::running_var:
      return what == batch || what == momentum;
    case Output::y:
      return what <= product;
    case Output::dgamma:
      return what <= invstd;
    case Output::dx:
    case Output::y_dot:
    case Output::grad_dy:
      return what <= scale || (what >= dbeta && what <= bracket);
    default:
      return false;
  }
}

std::vector<Slot> slots_of(Output output) {
  using enum Slot;
  switch (output) {
    case Output::mean:
      return {inputs, values, count, result};
    case Output::var:
      return {inputs,     values,     count,   var_count,
              correction, deviations, epsilon, result};
    case Output::invstd:
      return {inputs,     values,  count, var_count, correction,
              deviations, epsilon, root,  kept,      result};
    case Output::running_mean:
      return {inputs, values, count, old_weight, new_weight, kept, result};
    case Output::running_var:
      return {inputs,     values,     count,   var_count,
              correction, deviations, epsilon, old_weight,
              new_weight, kept,       result};
    case Output::y:
      return {inputs, values, count, var_count, correction, deviations, epsilon,
              root,   gamma,  beta,  centre,    kept,       result};
    case Output::dbeta:
      return {inputs, dy_values, result};
    case Output::dgamma:
      return {inputs,  values, count,  var_count, correction, deviations,
              epsilon, root,   centre, dy_values, kept,       result};
    case Output::dx:
      return {inputs,     values,      count, var_count, correction, deviations,
              epsilon,    root,        gamma, centre,    dy_values,  dy_count,
              from_dbeta, from_dgamma, kept,  result};
    case Output::y_dot:
    case Output::grad_dy:
      return {values,      count,       var_count,  correction, deviations,
              epsilon,     root,        gamma,      dy_count,   from_dbeta,
              from_dgamma, along_gamma, along_beta, kept,       result};
    case Output::grad_gamma:
      return {values, count,    var_count, correction, deviations, epsilon,
              root,   dy_count, of_u_dy,   of_product, result};
    case Output::grad_x:
      return {values,  count,     var_count,  correction, deviations,
              epsilon, root,      gamma,      dy_count,   along_gamma,
              of_u_dy, of_u_xhat, of_dy_xhat, of_product, of_u_g,
              of_g,    of_h,      result};
    default:
      return {};
  }
}

std::string what(Operation operation, Output output, const Choice& choice) {
  std::string text;
  for (std::size_t s = 0; s < kSlots; ++s) {
    if (choice.at[s] == 0) continue;
    const auto slot = static_cast<Slot>(s);
    const std::string one = text_of(operation, output, slot, choice.at[s]);
    const bool joins = slot == Slot::count && choice.at[s] <= 2;
    text += fmt::format("{}{}", text.empty() ? "" : joins ? ", " : "; ", one);
  }
  return text;
}

}  // namespace exactbn::formula
