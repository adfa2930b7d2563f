// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/prove.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "golden/vector/round_up.h"
#include "golden/vector/short_fraction.h"
#include "oracles/judge.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

using Kind = Exact::Kind;

std::int64_t ulp_exponent_of(std::uint64_t bits, DType dtype) {
  const Dyadic value = decode(bits, dtype);
  return value.sign() == 0
             ? format(dtype).quantum()
             : ulp_exponent(bit_length(value.n) - 1 + value.e, dtype);
}

// The largest double of three digits. It also stands for larger units: limits
// are at least 8, so that no finite value can be far enough off to be wrong.
constexpr double kLargestUnit = 179e306;

Residual residual(const Surd& exact, std::uint64_t rounded, DType dtype) {
  const Surd rest = exact - decode(rounded, dtype);
  if (sign(rest) == 0) return {};
  const std::int64_t k = 64 - ulp_exponent_of(rounded, dtype);
  return {sign(rest) < 0, static_cast<std::uint64_t>(scaled_floor(rest, k).n)};
}

Judged judged(const Judge& judge, const Exact& exact, Output output,
              std::int64_t channel, bool finite) {
  const bool of_gamma =
      output == Output::dgamma || output == Output::grad_gamma;
  switch (exact.kind) {
    case Kind::number:
      if (!finite) return Judged::same;
      return judge.bound_is_void(output, channel) ? Judged::undecided
                                                  : Judged::value;
    case Kind::nonfinite:
      return Judged::nonfinite;
    case Kind::division_by_zero:
      if (!judge.sums_are_exact(channel)) return Judged::undecided;
      return of_gamma && !finite ? Judged::nonfinite : Judged::same;
    default:
      return Judged::same;
  }
}

}  // namespace

ExpectedOutput prove_at(const Judge& judge, const Problem& problem,
                        const Declaration& declaration, Output output,
                        const std::vector<std::int64_t>& at) {
  const StandardEnvironment environment;
  const DType dtype = output_format(problem, output);
  const double limit = judge.limit(output, Grade::sequential);
  const ChannelView view = problem.view();
  ExpectedOutput out;
  out.values = Tensor(dtype, {std::ssize(at)});
  out.eta_limit = std::ceil(limit * 1e4) / 1e4;
  for (std::int64_t k = 0; k < out.values.size(); ++k) {
    const std::int64_t i = at[static_cast<std::size_t>(k)];
    const std::int64_t c = shaped_like_x(output) ? view.channel(i) : i;
    const Exact exact = judge.exact().at(exact_name(declaration, output), i);
    // The judgement of any value says which value the judge wants.
    const std::uint64_t want = judge(output, i, 0, dtype).want;
    out.values.set_bits(k, want);
    const bool finite = is_finite(want, dtype);
    const bool number = exact.kind == Kind::number;
    const Judged how = judged(judge, exact, output, c, finite);
    double unit = 0;
    if (how == Judged::value) {
      unit = std::strtod(
          round_up(judge.tolerance_unit(output, i, limit)).c_str(), nullptr);
      unit = std::min(unit, kLargestUnit);
    }
    out.judged.push_back(how);
    out.units.push_back(how == Judged::value ? unit : 0);
    out.residuals.push_back(
        number && finite ? residual(exact.value, want, dtype) : Residual{});
    out.exact.push_back(number ? short_fraction(exact.value) : std::string());
  }
  return out;
}

namespace {

ExpectedOutput prove_output(const Judge& judge, const Problem& problem,
                            const Declaration& declaration, Output output) {
  Tensor values(output_format(problem, output), shape_of(problem, output));
  std::vector<std::int64_t> all(static_cast<std::size_t>(values.size()));
  std::iota(all.begin(), all.end(), 0);
  ExpectedOutput out = prove_at(judge, problem, declaration, output, all);
  for (const std::int64_t i : all) values.set_bits(i, out.values.bits(i));
  out.values = std::move(values);
  return out;
}

Expected prove_all(const Problem& problem, const Declaration& declaration) {
  const Judge judge(problem, declaration);
  Expected expected;
  for (const Output output : output_names(problem)) {
    expected.outputs.emplace(output,
                             prove_output(judge, problem, declaration, output));
  }
  return expected;
}

// The outputs that differ from the expected ones.
Expected difference(Expected other, const Expected& expected) {
  erase_if(other.outputs, [&](const auto& output) {
    return expected.outputs.find(output.first)->second == output.second;
  });
  return other;
}

// Values below the normal numbers of a format count as 0.
void flush(Tensor& tensor, DType below) {
  const double least = std::ldexp(1.0, format(below).emin);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    if (std::fabs(tensor.value(i)) < least) tensor.set_bits(i, 0);
  }
}

bool has_subnormal(const Tensor& tensor, DType below) {
  Tensor flushed = tensor;
  flush(flushed, below);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    if (flushed.value(i) != tensor.value(i) && tensor.value(i) != 0) {
      return true;
    }
  }
  return false;
}

// The answer with inputs and outputs flushed; nullopt if there is nothing to
// flush. Arithmetic flushes in the working format, in which the subnormals of
// f16 are normal, and stores flush in the format of the output.
std::optional<Expected> prove_flushed(const Problem& problem,
                                      const Expected& expected,
                                      Declaration declaration) {
  const DType working = working_format(problem, declaration);
  bool differs = false;
  Problem question = problem;
  for (auto& [name, tensor] : question.inputs) {
    differs = differs || has_subnormal(tensor, working);
    flush(tensor, working);
  }
  for (const auto& [name, output] : expected.outputs) {
    differs = differs || has_subnormal(output.values, output.values.dtype());
  }
  if (!differs) return std::nullopt;
  declaration.subnormals = Subnormals::flush;
  Expected flushed = prove_all(question, declaration);
  for (auto& [name, output] : flushed.outputs) {
    if (!has_subnormal(output.values, output.values.dtype())) continue;
    const Tensor before = output.values;
    flush(output.values, before.dtype());
    for (std::int64_t i = 0; i < before.size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (before.bits(i) == output.values.bits(i)) continue;
      output.residuals[at] = {};
      output.units[at] = 0;
      output.judged[at] = Judged::same;
      output.exact[at].clear();
    }
  }
  return flushed;
}

bool divides_by_zero(const Problem& problem, const Expected& expected) {
  if (!normalizes_by_batch(problem.operation)) return false;
  const ExactBatchNorm exact(problem);
  return std::any_of(
      expected.outputs.begin(), expected.outputs.end(), [&](const auto& out) {
        for (std::int64_t i = 0; i < out.second.values.size(); ++i) {
          if (exact.at(out.first, i).kind == Kind::division_by_zero) {
            return true;
          }
        }
        return false;
      });
}

void add_variations(Vector& vector, const Declaration& declaration) {
  const Problem& problem = vector.question.problem;
  const auto add = [&](const std::string& name, const Declaration& variation) {
    Expected other = difference(prove_all(problem, variation), vector.expected);
    if (!other.outputs.empty()) {
      vector.variations.emplace(name, std::move(other));
    }
  };
  if (vector.expected.outputs.contains(Output::running_var) &&
      declaration.running_variance == RunningVariance::unbiased) {
    Declaration biased;
    biased.running_variance = RunningVariance::biased;
    add("biased_running_variance", biased);
    if (problem.view().count() == 1) {
      Declaration keep;
      keep.single_value = SingleValue::keep;
      add("keep_single_value", keep);
      vector.variations["reject_single_value"].reject =
          "one value a channel has no unbiased variance";
    }
  }
  if (divides_by_zero(problem, vector.expected)) {
    Declaration zero = declaration;
    zero.zero_variance = ZeroVariance::zero;
    add("zero_for_zero_variance", zero);
  }
  if (auto flushed = prove_flushed(problem, vector.expected, declaration)) {
    Expected other = difference(std::move(*flushed), vector.expected);
    if (!other.outputs.empty()) {
      vector.variations.emplace("flushed_subnormals", std::move(other));
    }
  }
}

}  // namespace

Vector prove(Case question, std::string comment,
             const Declaration& declaration) {
  const StandardEnvironment environment;
  Vector vector;
  vector.question = std::move(question);
  vector.comment = std::move(comment);
  try {
    require_valid(vector.question.problem);
  } catch (const InvalidProblem& error) {
    vector.expected.reject = error.what();
    return vector;
  }
  vector.expected = prove_all(vector.question.problem, declaration);
  add_variations(vector, declaration);
  return vector;
}

}  // namespace exactbn
