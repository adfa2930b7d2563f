// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "golden/suite/builder.h"
#include "golden/suite/case_id.h"
#include "oracles/judge/tolerances.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/ask/answer_text.h"
#include "tools/exactbn/commands/ask/numbers.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/tensor_cases.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct AskOptions {
  std::string operation;
  std::map<Input, std::string> values;  // as typed
  std::string shape;
  std::string dtype = "f32";
  int channel_axis = 1;
  std::string epsilon;
  std::string momentum;
  std::string id;
  bool answer = false;
  DeclareOptions declare;
};

// x first, then what belongs to it.
constexpr std::array kInputsInOrder = {
    Input::x,           Input::gamma, Input::beta,    Input::running_mean,
    Input::running_var, Input::dy,    Input::x_dot,   Input::gamma_dot,
    Input::beta_dot,    Input::ddx,   Input::ddgamma, Input::ddbeta};

std::string flag_of(Input input) {
  return "--" + std::string(to_string(input));
}

DType dtype_of(const std::string& name) {
  return chosen_dtypes({name}).front();
}

// x has the shape that is given, or that of its brackets, or is one channel.
Shape shape_of_x(const AskOptions& options, const TypedNumbers& x) {
  const auto count = std::ssize(x.words);
  Shape shape = {count, 1};
  if (!options.shape.empty()) {
    shape = shape_of("--shape", options.shape);
  } else if (x.shape && x.shape->size() > 1) {
    shape = *x.shape;
  }
  std::int64_t wanted = 0;
  try {
    wanted = element_count(shape);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--shape: ") + error.what());
  }
  if (wanted != count) {
    throw UsageError(fmt::format("--x: {} values, expected {} of shape {}",
                                 count, wanted, to_string(shape)));
  }
  return shape;
}

// One number stands for all values.
Tensor input(const AskOptions& options, const Problem& problem, Input name,
             DType dtype) {
  const TypedNumbers typed =
      read_numbers(flag_of(name), options.values.at(name));
  const Shape shape = shape_of(problem, name);
  const auto count = std::ssize(typed.words);
  if (count != 1 && count != element_count(shape)) {
    const auto wanted = element_count(shape);
    throw UsageError(fmt::format(
        "{}: {} values, expected {}{}{}", flag_of(name), count,
        wanted == 1 ? "" : "1 or ", wanted,
        shaped_like_x(name) ? ", as many as x has" : ", one for each channel"));
  }
  return tensor_of(flag_of(name), typed.words, dtype, shape);
}

Problem problem_of(const AskOptions& options) {
  Problem p;
  p.operation = operation_of("OPERATION", options.operation);
  p.channel_axis = options.channel_axis;
  p.epsilon = options.epsilon.empty() ? suite::kEpsilon
                                      : number_of("--epsilon", options.epsilon);
  const DType dtype = dtype_of(options.dtype);
  if (!options.values.contains(Input::x)) throw UsageError("--x: missing");
  const TypedNumbers x = read_numbers("--x", options.values.at(Input::x));
  const Shape shape = shape_of_x(options, x);
  p.inputs.emplace(Input::x, tensor_of("--x", x.words, dtype, shape));
  if (shape.size() < 2 || p.channel_axis >= static_cast<int>(shape.size())) {
    throw UsageError(fmt::format("--channel-axis: {} is not an axis of {}",
                                 p.channel_axis, to_string(shape)));
  }
  for (const auto& [name, text] : options.values) {
    if (name == Input::x) continue;
    p.inputs.emplace(
        name, input(options, p, name,
                    shaped_like_x(name) ? dtype : usual_accumulation(dtype)));
  }
  const bool averages = p.operation == Operation::forward_training &&
                        (p.find(Input::running_mean) != nullptr ||
                         p.find(Input::running_var) != nullptr);
  if (averages && options.momentum.empty()) {
    throw UsageError("--momentum: missing, but running statistics are given");
  }
  p.momentum =
      options.momentum.empty() ? 0 : number_of("--momentum", options.momentum);
  try {
    require_valid(p);
  } catch (const InvalidProblem& error) {
    throw UsageError(error.what());
  }
  return p;
}

int ask_question(const AskOptions& options) {
  Case c;
  c.problem = problem_of(options);
  c.id = options.id.empty() ? case_id(c.problem) : printable(options.id);
  Declaration usual;
  usual.subject = "exactbn";
  const Declaration declaration = declared(usual, options.declare);
  fmt::print("{}\n", write_case(c));
  if (options.answer) {
    fmt::print("\n{}", answer_text(c.problem, declaration));
  }
  return 0;
}

// running_mean is also --running-mean.
std::string flags_of(Input input) {
  std::string dashed = flag_of(input);
  std::replace(dashed.begin() + 2, dashed.end(), '_', '-');
  return dashed == flag_of(input) ? dashed : flag_of(input) + ',' + dashed;
}

}  // namespace

Verb add_ask(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "ask", "print a case to paste, and its exact answer");
  const auto options = std::make_shared<AskOptions>();
  verb.add_option("OPERATION", options->operation,
                  "forward_training, forward_inference, backward_training, "
                  "backward_inference, jvp_training or "
                  "double_backward_training")
      ->required();
  for (const Input name : kInputsInOrder) {
    verb.add_option_function<std::string>(
        flags_of(name),
        [options, name](const std::string& text) {
          options->values[name] = text;
        },
        name == Input::x      ? "numbers, e.g. '1 2 3 4' or '[[1, 2], [3, 4]]'"
        : shaped_like_x(name) ? "as many numbers as x has, or one for all"
                              : "a number for each channel, or one for all");
  }
  verb.add_option("--shape", options->shape,
                  "the shape of x, e.g. 2x2; by default that of the brackets, "
                  "or one channel");
  verb.add_option("--dtype", options->dtype,
                  "the format of x; parameters have at least f32")
      ->capture_default_str();
  verb.add_option("--channel-axis", options->channel_axis, "the channel axis")
      ->check(CLI::Range(0, 4))
      ->capture_default_str();
  verb.add_option("--epsilon,--eps", options->epsilon,
                  "epsilon, as a decimal or a hexadecimal float; by default "
                  "the f32 nearest to 1e-5");
  verb.add_option("--momentum", options->momentum,
                  "the weight of the new statistic, for running statistics");
  verb.add_option("--case", options->id,
                  "the name of the case; by default of its contents");
  verb.add_flag("--answer", options->answer,
                "also print the correctly rounded outputs");
  add_declare(verb, options->declare);
  return {&verb, [options] { return ask_question(*options); }};
}

}  // namespace exactbn
