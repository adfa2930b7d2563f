// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/wrong_part.h"

#include <fmt/format.h>

#include <Eigen/LU>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "oracles/defects/model.h"
#include "oracles/defects/truth.h"
#include "oracles/format_names.h"

namespace exactbn {

namespace {

using Column = Eigen::Matrix<Wide, Eigen::Dynamic, 1>;
using Square = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;

// A column of the sum and the factor that the formula gives it.
struct Part {
  std::string name;  // of the factor
  Column column;
  Wide factor;
};

// In the order in which an implementation computes the quantities in the
// factors.
std::vector<Part> parts_of(const Pass& p, Output output, Eigen::Index c) {
  const Input u = traits(p.problem.operation).direction->x;
  const Column xhat = p.xhat.col(c).matrix();
  const Column along = p.u.col(c).matrix();
  const Column one = Column::Ones(xhat.size());
  const Wide s = p.invstd(c);
  const Wide slope = p.gamma(c) * s;
  if (output != Output::grad_x) {
    return {{fmt::format("the factor of {}, gamma invstd,", u), along, slope},
            {fmt::format("the part along xhat, with mean({} xhat),", u), xhat,
             p.along_gamma(c) - slope * p.mean_u_xhat(c)},
            {fmt::format("the constant part, with mean({}),", u), one,
             p.along_beta(c) - slope * p.mean_u(c)}};
  }
  const Wide t = p.mean_dy_xhat(c);
  const Wide of_u = -slope * s * t;
  const Wide of_dy = p.along_gamma(c) * s - slope * s * p.mean_u_xhat(c);
  const Wide of_xhat = -p.along_gamma(c) * s * t -
                       slope * s * (p.mean_u_dy(c) - 3 * t * p.mean_u_xhat(c));
  return {
      {"the factor of ddx, with mean(dy xhat),", along, of_u},
      {"the factor of dy, with mean(ddx xhat),", p.dy.col(c).matrix(), of_dy},
      {"the part along xhat, with mean(ddx dy),", xhat, of_xhat},
      {"the constant part, with mean(dy) and mean(ddx),", one,
       -of_dy * p.mean_dy(c) - of_u * p.mean_u(c)}};
}

// The factors fitted to the answer by least squares, and how far roundings of
// the values may move each. Nothing if the columns do not explain the values.
struct Fit {
  Column factors;
  Column uncertainty;
};

std::optional<Fit> fit(const std::vector<Part>& parts, const Column& values,
                       DType dtype) {
  const auto n = static_cast<Eigen::Index>(parts.size());
  // At least two values more than factors: fewer would fit any formula.
  if (values.size() < n + 2 || !values.allFinite()) return std::nullopt;
  // Columns scaled to size 1, for the best condition.
  Square columns(values.size(), n);
  Column sizes(n);
  Wide largest = values.cwiseAbs().maxCoeff();
  for (Eigen::Index j = 0; j < n; ++j) {
    const Part& part = parts[static_cast<std::size_t>(j)];
    sizes(j) = part.column.cwiseAbs().maxCoeff();
    largest = std::max(largest, std::fabs(part.factor) * sizes(j));
    columns.col(j) = part.column / sizes(j);
  }
  if (!columns.allFinite() || !std::isfinite(static_cast<double>(largest)) ||
      columns.colPivHouseholderQr().rank() < n) {
    return std::nullopt;
  }
  const Square inverse =
      (columns.transpose() * columns).inverse() * columns.transpose();
  const Column fitted = inverse * values;
  // The error that roundings may cause in a value: a few ulp of the largest
  // part of the sum.
  constexpr Wide kRoundings = 8;
  const Wide rounding =
      kRoundings * ulp_of(static_cast<double>(largest), dtype);
  const Column rest = columns * fitted - values;
  if (rest.cwiseAbs().maxCoeff() > rounding) return std::nullopt;
  return Fit{
      fitted.cwiseQuotient(sizes),
      (rounding * inverse.cwiseAbs().rowwise().sum()).cwiseQuotient(sizes)};
}

}  // namespace

std::string wrong_part(const Problem& problem, Output output, const Tensor& got,
                       std::int64_t channel) {
  if (output != Output::y_dot && output != Output::grad_dy &&
      output != Output::grad_x) {
    return {};
  }
  Pass pass(problem, Order::forward);
  pass.read();
  pass.find_statistics();
  pass.normalize();
  pass.reduce();
  const ChannelView view = problem.view();
  Column values(view.count());
  for (std::int64_t k = 0; k < view.count(); ++k) {
    values(k) = got.value(view.offset(channel, k));
  }
  const std::vector<Part> parts = parts_of(pass, output, channel);
  const std::optional<Fit> found = fit(parts, values, got.dtype());
  if (!found) return {};
  for (Eigen::Index j = 0; j < found->factors.size(); ++j) {
    const Part& part = parts[static_cast<std::size_t>(j)];
    const Wide error = found->factors(j) - part.factor;
    if (std::fabs(error) <= found->uncertainty(j)) continue;
    const auto right = static_cast<double>(part.factor);
    return fmt::format(
        "in {} {} is already wrong: {}", output, part.name,
        right == 0 ? "it should be 0"
                   : fmt::format("{:+.3g} ulp",
                                 static_cast<double>(
                                     error / ulp_of(right, got.dtype()))));
  }
  return {};
}

}  // namespace exactbn
