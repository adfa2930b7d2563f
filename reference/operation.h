// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string_view>

// The inputs, outputs and operations of batch normalization, in three tables.
// Their names as text are for files, the command line and reports.
namespace exactbn {

enum class Operation : std::uint8_t {
  forward_training,
  forward_inference,
  backward_training,
  backward_inference,
  jvp_training,
  double_backward_training,
};
inline constexpr std::array kOperations = {
    Operation::forward_training,  Operation::forward_inference,
    Operation::backward_training, Operation::backward_inference,
    Operation::jvp_training,      Operation::double_backward_training};

// In alphabetical order, as in files.
enum class Input : std::uint8_t {
  beta,
  beta_dot,
  ddbeta,
  ddgamma,
  ddx,
  dy,
  gamma,
  gamma_dot,
  running_mean,
  running_var,
  x,
  x_dot,
};

// In alphabetical order. running_var_biased is not an output of its own: it is
// running_var with the batch variance divided by m instead of m - 1.
enum class Output : std::uint8_t {
  dbeta,
  dgamma,
  dx,
  grad_dy,
  grad_gamma,
  grad_x,
  invstd,
  mean,
  running_mean,
  running_var,
  running_var_biased,
  var,
  y,
  y_dot,
};

// A few distinct names, in an order that matters.
template <class Name>
class NameList {
 public:
  constexpr NameList() = default;
  constexpr NameList(std::initializer_list<Name> names) {
    for (const Name name : names) push_back(name);
  }

  constexpr const Name* begin() const { return names_.data(); }
  constexpr const Name* end() const { return names_.data() + size_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr Name front() const { return names_[0]; }
  constexpr Name operator[](std::size_t i) const { return names_[i]; }
  constexpr bool contains(Name name) const {
    return std::find(begin(), end(), name) != end();
  }
  constexpr void push_back(Name name) { names_[size_++] = name; }

  constexpr bool operator==(const NameList&) const = default;

 private:
  std::array<Name, 6> names_ = {};
  std::uint8_t size_ = 0;
};
using InputNames = NameList<Input>;
using OutputNames = NameList<Output>;

struct InputTraits {
  std::string_view name;
  bool like_x;        // one value per value of x; else one per channel
  double absent = 0;  // the value if the input is absent
};
inline constexpr std::array<InputTraits, 12> kInputs = {{
    {"beta", false},
    {"beta_dot", false},
    {"ddbeta", false},
    {"ddgamma", false},
    {"ddx", true},
    {"dy", true},
    {"gamma", false, 1},
    {"gamma_dot", false},
    {"running_mean", false},
    {"running_var", false},
    {"x", true},
    {"x_dot", true},
}};

struct OutputTraits {
  std::string_view name;
  bool like_x;
  bool over_root;  // is divided by sqrt(w)
  // Its value if xhat and invstd are 0; 0 if none is named.
  std::optional<Input> offset = {};
  // It is computed only if this input is given.
  std::optional<Input> updates = {};
};
inline constexpr std::array<OutputTraits, 14> kOutputs = {{
    {"dbeta", false, false},
    {"dgamma", false, true},
    {"dx", true, true},
    {"grad_dy", true, true, Input::ddbeta},
    {"grad_gamma", false, true},
    {"grad_x", true, true},
    {"invstd", false, true},
    {"mean", false, false},
    {"running_mean", false, false, {}, Input::running_mean},
    {"running_var", false, false, {}, Input::running_var},
    {"running_var_biased", false, false, {}, Input::running_var},
    {"var", false, false},
    {"y", true, true, Input::beta},
    {"y_dot", true, true, Input::beta_dot},
}};

// The direction of x, gamma and beta in a second-order operation.
struct DirectionInputs {
  Input x;
  Input gamma;
  Input beta;
};

// Within one channel, an output shaped like x is an affine form of inputs
// shaped like x, c_1 in_1 + ... + c_k in_k + c_0.
struct OutputForm {
  Output output;
  InputNames inputs;
};

struct OperationTraits {
  std::string_view name;
  std::string_view abbreviation;  // the prefix of case ids
  // Normalizes by batch statistics; otherwise by frozen ones, which are inputs.
  bool by_batch;
  InputNames required;
  InputNames optional;
  OutputNames outputs;  // in the order of their computation
  std::array<OutputForm, 2> forms;
  std::optional<DirectionInputs> direction = {};
};
inline constexpr std::array<OperationTraits, 6> kOperationTraits = [] {
  using enum Input;
  using O = Output;
  return std::array<OperationTraits, 6>{{
      {"forward_training",
       "fwd",
       true,
       {x},
       {gamma, beta, running_mean, running_var},
       {O::mean, O::var, O::invstd, O::y, O::running_mean, O::running_var},
       {{{O::y, {x}}}}},
      {"forward_inference",
       "inf",
       false,
       {x, running_mean, running_var},
       {gamma, beta},
       {O::y},
       {{{O::y, {x}}}}},
      {"backward_training",
       "bwd",
       true,
       {x, dy},
       {gamma},
       {O::dbeta, O::dgamma, O::dx},
       {{{O::dx, {dy, x}}}}},
      {"backward_inference",
       "bwi",
       false,
       {x, dy, running_mean, running_var},
       {gamma},
       {O::dbeta, O::dgamma, O::dx},
       {{{O::dx, {dy}}}}},
      {"jvp_training",
       "jvp",
       true,
       {x, x_dot},
       {gamma, gamma_dot, beta_dot},
       {O::y_dot},
       {{{O::y_dot, {x_dot, x}}}},
       DirectionInputs{x_dot, gamma_dot, beta_dot}},
      {"double_backward_training",
       "dbw",
       true,
       {x, dy, ddx},
       {gamma, ddgamma, ddbeta},
       {O::grad_dy, O::grad_gamma, O::grad_x},
       {{{O::grad_dy, {ddx, x}}, {O::grad_x, {x, dy, ddx}}}},
       DirectionInputs{ddx, ddgamma, ddbeta}},
  }};
}();

constexpr const InputTraits& traits(Input input) {
  return kInputs[static_cast<std::size_t>(input)];
}
constexpr const OutputTraits& traits(Output output) {
  return kOutputs[static_cast<std::size_t>(output)];
}
constexpr const OperationTraits& traits(Operation operation) {
  return kOperationTraits[static_cast<std::size_t>(operation)];
}

constexpr bool shaped_like_x(Input input) { return traits(input).like_x; }
constexpr bool shaped_like_x(Output output) { return traits(output).like_x; }
constexpr bool normalizes_by_batch(Operation operation) {
  return traits(operation).by_batch;
}

// All inputs: the required ones, then the optional ones.
constexpr InputNames inputs_of(Operation operation) {
  InputNames all = traits(operation).required;
  for (const Input input : traits(operation).optional) all.push_back(input);
  return all;
}

// The inputs of an output's affine form; none if it is not shaped like x.
constexpr InputNames form_inputs(Operation operation, Output output) {
  for (const OutputForm& form : traits(operation).forms) {
    if (form.output == output) return form.inputs;
  }
  return {};
}

constexpr std::string_view to_string(Operation operation) {
  return traits(operation).name;
}
constexpr std::string_view to_string(Input input) { return traits(input).name; }
constexpr std::string_view to_string(Output output) {
  return traits(output).name;
}
std::optional<Operation> parse_operation(std::string_view name);
std::optional<Input> parse_input(std::string_view name);
std::optional<Output> parse_output(std::string_view name);

// Print to_string.
std::ostream& operator<<(std::ostream& os, Operation operation);
std::ostream& operator<<(std::ostream& os, Input input);
std::ostream& operator<<(std::ostream& os, Output output);

}  // namespace exactbn
