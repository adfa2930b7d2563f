// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe/question.h"

#include <fmt/format.h>

#include "reference/rounded.h"

namespace exactbn::probing {

namespace {

// The extents of the axes other than the channel axis. If spread, the last ones
// get the smallest prime factors of m, and the first keeps at least one.
Shape extents(std::int64_t m, int axes, bool spread) {
  Shape shape(static_cast<std::size_t>(axes), 1);
  std::int64_t rest = m;
  for (std::size_t i = shape.size() - 1; spread && i > 0; --i) {
    std::int64_t factor = 2;
    while (factor < rest && rest % factor != 0) ++factor;
    if (factor >= rest) break;
    shape[i] = factor;
    rest /= factor;
  }
  shape[0] = rest;
  return shape;
}

Shape shape_of(const ChannelValues& x, const Encoding& encoding) {
  const auto m = static_cast<std::int64_t>(x.front().size());
  Shape shape = extents(m, encoding.rank - 1, encoding.spread);
  shape.insert(shape.begin() + encoding.axis,
               static_cast<std::int64_t>(x.size()));
  return shape;
}

Tensor like_x(const ChannelValues& columns, const Encoding& encoding) {
  Tensor tensor(encoding.dtype, shape_of(columns, encoding));
  const ChannelView view(tensor.shape(), encoding.axis);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t k = 0; k < columns[c].size(); ++k) {
      const std::int64_t at = view.offset(static_cast<std::int64_t>(c),
                                          static_cast<std::int64_t>(k));
      tensor.set_bits(at, round_to(columns[c][k], encoding.dtype));
    }
  }
  return tensor;
}

// Small integers in an irregular order, so that no sum or product hides a
// permutation.
ChannelValues integers(std::size_t channels, std::size_t m, std::size_t a,
                       std::size_t b) {
  ChannelValues columns(channels, std::vector<double>(m));
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t k = 0; k < m; ++k) {
      const std::size_t n = (a * k * k + b * k + 5 * c) % 11;
      columns[c][k] = static_cast<double>(n) - 4;
    }
  }
  return columns;
}

const std::vector<double>* parameter(const Question& q, Input name) {
  if (name == Input::gamma) return &q.gamma;
  if (name == Input::beta) return &q.beta;
  if (name == Input::running_mean) return &q.running_mean;
  if (name == Input::running_var) return &q.running_var;
  return nullptr;
}

}  // namespace

std::string to_string(const Encoding& encoding) {
  return fmt::format("{}, rank {}, channel axis {}",
                     format(encoding.dtype).name, encoding.rank, encoding.axis);
}

Problem problem_of(const Question& q, const Encoding& encoding) {
  Problem problem;
  problem.operation = q.operation;
  problem.channel_axis = encoding.axis;
  problem.epsilon = q.epsilon;
  problem.momentum = q.momentum;
  problem.batches_tracked = q.batches_tracked;
  const std::size_t channels = q.x.size();
  const std::size_t m = q.x.front().size();
  const auto add = [&](Input name) {
    if (name == Input::x) {
      problem.inputs[name] = like_x(q.x, encoding);
    } else if (name == Input::dy) {
      const bool given = !q.dy.empty();
      problem.inputs[name] =
          like_x(given ? q.dy : integers(channels, m, 3, 5), encoding);
    } else if (shaped_like_x(name)) {
      problem.inputs[name] = like_x(integers(channels, m, 1, 4), encoding);
    } else if (const std::vector<double>* row = parameter(q, name)) {
      const bool one = name == Input::gamma || name == Input::running_var;
      problem.inputs[name] = make_tensor(
          encoding.parameters, {static_cast<std::int64_t>(channels)},
          row->empty() ? std::vector<double>(channels, one ? 1 : 0) : *row);
    }
  };
  for (const Input name : traits(q.operation).required) add(name);
  for (const Input name : traits(q.operation).optional) add(name);
  return problem;
}

Question ordinary_question(Operation operation) {
  Question q;
  q.operation = operation;
  q.x = integers(3, 12, 2, 3);
  q.gamma = {1.5, -2, 1};
  q.beta = {0, 1, -0.5};
  q.running_mean = {1, 0, -2};
  q.running_var = {4, 1, 2};
  return q;
}

std::optional<std::vector<double>> values_of(const Problem& problem,
                                             const Answer& answer,
                                             Output output) {
  const auto found = answer.outputs.find(output);
  if (answer.kind != Answer::Kind::outputs || found == answer.outputs.end()) {
    return std::nullopt;
  }
  const Tensor& tensor = found->second;
  const Shape shape = shape_of(problem, output);
  if (tensor.shape() != shape) return std::nullopt;
  const ChannelView view(shape,
                         shaped_like_x(output) ? problem.channel_axis : 0);
  std::vector<double> values;
  for (std::int64_t c = 0; c < view.channels; ++c) {
    for (std::int64_t k = 0; k < view.count(); ++k) {
      values.push_back(tensor.value(view.offset(c, k)));
    }
  }
  return values;
}

std::vector<double> exact_values(const Problem& problem, Output output) {
  const ExactBatchNorm exact(problem);
  Answer answer;
  answer.outputs.emplace(output, rounded(exact, output, DType::f64));
  return *values_of(problem, answer, output);
}

std::vector<double> all_values(const Problem& problem, const Answer& answer) {
  std::vector<double> all;
  for (const Output name : output_names(problem)) {
    if (const auto values = values_of(problem, answer, name)) {
      all.insert(all.end(), values->begin(), values->end());
    }
  }
  return all;
}

}  // namespace exactbn::probing
