// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace exactbn {

namespace {

struct InputName {
  std::string_view name;
  Input role;
};
struct OutputName {
  std::string_view name;
  Output role;
};

// torch, Keras, Flax and ONNX, and how people shorten them.
constexpr InputName kInputNames[] = {
    {"input", Input::x},
    {"inputs", Input::x},
    {"x", Input::x},
    {"weight", Input::gamma},
    {"scale", Input::gamma},
    {"gamma", Input::gamma},
    {"bias", Input::beta},
    {"b", Input::beta},
    {"offset", Input::beta},
    {"beta", Input::beta},
    {"grad_output", Input::dy},
    {"grad_out", Input::dy},
    {"grad_y", Input::dy},
    {"dout", Input::dy},
    {"dy", Input::dy},
    {"moving_mean", Input::running_mean},
    {"input_mean", Input::running_mean},
    {"moving_var", Input::running_var},
    {"moving_variance", Input::running_var},
    {"input_var", Input::running_var},
    {"running_variance", Input::running_var},
};
constexpr OutputName kOutputNames[] = {
    {"output", Output::y},
    {"outputs", Output::y},
    {"out", Output::y},
    {"y", Output::y},
    {"grad_input", Output::dx},
    {"dx", Output::dx},
    {"grad_weight", Output::dgamma},
    {"grad_scale", Output::dgamma},
    {"dweight", Output::dgamma},
    {"dscale", Output::dgamma},
    {"grad_bias", Output::dbeta},
    {"grad_beta", Output::dbeta},
    {"dbias", Output::dbeta},
    {"save_mean", Output::mean},
    {"saved_mean", Output::mean},
    {"batch_mean", Output::mean},
    {"batch_var", Output::var},
    {"save_var", Output::var},
    {"saved_var", Output::var},
    {"batch_variance", Output::var},
    {"save_invstd", Output::invstd},
    {"saved_invstd", Output::invstd},
    {"inv_std", Output::invstd},
    {"rstd", Output::invstd},
    {"new_running_mean", Output::running_mean},
    {"running_mean_out", Output::running_mean},
    {"new_running_var", Output::running_var},
    {"running_var_out", Output::running_var},
    // Of moving statistics after the batch, in a file of outputs.
    {"moving_mean", Output::running_mean},
    {"moving_var", Output::running_var},
    {"moving_variance", Output::running_var},
};

template <class Table>
std::optional<Role> find(const Table& table, std::string_view name) {
  const auto* found =
      std::find_if(std::begin(table), std::end(table),
                   [&](const auto& each) { return each.name == name; });
  if (found == std::end(table)) return std::nullopt;
  return Role(found->role);
}

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

}  // namespace

std::string to_string(const Role& role) {
  if (const auto* input = std::get_if<Input>(&role)) {
    return "inputs." + std::string(to_string(*input));
  }
  if (const auto* output = std::get_if<Output>(&role)) {
    return "outputs." + std::string(to_string(*output));
  }
  return std::get<Scalar>(role) == Scalar::epsilon ? "epsilon" : "momentum";
}

SidedName split_side(std::string_view name) {
  for (const char separator : {'.', '/'}) {
    for (const Side side : {Side::inputs, Side::outputs}) {
      std::string prefix = side == Side::inputs ? "inputs" : "outputs";
      prefix += separator;
      if (name.starts_with(prefix)) return {side, name.substr(prefix.size())};
    }
  }
  return {Side::either, name};
}

std::optional<Role> role_of(std::string_view name, Side side) {
  if (side != Side::outputs) {
    if (name == "epsilon") return Role(Scalar::epsilon);
    if (name == "momentum") return Role(Scalar::momentum);
    if (const auto input = parse_input(name)) return Role(*input);
  }
  if (side != Side::inputs) {
    const auto output = parse_output(name);
    // It is not an output of the wire format.
    if (output && *output != Output::running_var_biased) return Role(*output);
  }
  return std::nullopt;
}

std::optional<Role> customary_role(std::string_view name, Side side) {
  const std::string text = lower(name);
  if (side != Side::outputs) {
    if (text == "eps") return Role(Scalar::epsilon);
    if (const auto role = find(kInputNames, text)) return role;
  }
  if (side != Side::inputs) return find(kOutputNames, text);
  return std::nullopt;
}

}  // namespace exactbn
