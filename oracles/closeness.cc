// SPDX-License-Identifier: Apache-2.0
#include "oracles/closeness.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "oracles/judge.h"
#include "oracles/judge/domain.h"
#include "reference/floating_point_environment.h"
#include "reference/parallel_for.h"
#include "reference/rounded.h"

namespace exactbn {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr std::size_t kSample = 1 << 16;

// A test computes both sides in the format: at most four roundings, (1 + u) /
// (1 - u)^3 <= 1 + 6 u for u <= 1/8, and two of subnormal products.
double for_rounding(double tolerance, DType dtype) {
  const Format f = format(dtype);
  return tolerance == 0 ? 0
                        : tolerance * (1 + 6 * f.unit_roundoff()) +
                              2 * std::ldexp(1.0, f.quantum());
}

// To three decimal digits, not below x.
double rounded_up(double x) {
  // Powers of 10 below this are not doubles.
  if (x < 1e-300 || !std::isfinite(x)) return x;
  const int exponent = static_cast<int>(std::floor(std::log10(x))) - 2;
  const double unit = std::pow(10.0, exponent);
  const double rounded = std::ceil(x / unit * (1 - 1e-12)) * unit;
  return rounded >= x ? rounded : rounded + unit;
}

// 1, 2 and 5 times powers of 10 from half an ulp on, and 0.
std::vector<Closeness> candidate_pairs(DType dtype) {
  std::vector<Closeness> pairs = {{}};
  for (int exponent = -17; exponent < 0; ++exponent) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      // As a literal is read.
      const double rtol = digit / std::pow(10.0, -exponent);
      if (rtol < format(dtype).unit_roundoff() || rtol > 0.5) continue;
      pairs.push_back({rtol, 0});
    }
  }
  return pairs;
}

// The distances from a value to its neighbours: above it an ulp, and below it
// as much, or half of it below a power of 2.
struct Spacing {
  Spacing(double size, DType dtype) {
    const Format f = format(dtype);
    ulp = static_cast<double>(ulp_of(size, dtype));
    least = ulp;
    if (size == ulp / f.unit_roundoff() / 2 &&
        ulp > power_of_two(f.quantum())) {
      least = ulp / 2;
    }
  }
  double ulp;
  double least;
};

double tolerance_of(const PermittedError& e) {
  if (e.required < Grade::stable) return 0;
  const Wide theta = e.eta_limit * e.u;
  return static_cast<double>(theta * e.condition.linear +
                             theta * theta * e.condition.quadratic +
                             e.eta_limit * e.lambda * e.condition.underflow);
}

// The largest |got - want| of an answer that passes, where want is the exact
// value or the correctly rounded one.
double largest_distance(const PermittedError& e, const Spacing& spacing) {
  if (e.required == Grade::correct) return 0;
  const double tolerance = tolerance_of(e);
  const double steps = std::floor((tolerance + spacing.ulp) / spacing.least);
  return std::max(steps * spacing.least, tolerance + spacing.ulp / 2);
}

// The number that infinity stands for: the first that is too large.
double beyond_range(DType dtype) {
  const Format f = format(dtype);
  const double next = std::ldexp(1.0, f.emax + 1);
  return f.infinities ? next : next - std::ldexp(1.0, f.emax + 1 - f.precision);
}

// A distance from the rounded value at which an answer passes for certain.
double certain_distance(const PermittedError& e, const Spacing& spacing) {
  const double steps = std::floor(tolerance_of(e) / spacing.least);
  return std::max(steps, e.passes_neighbour ? 1.0 : 0.0) * spacing.least;
}

// The eta of the farthest answer that a test passes; 0 if it is not above
// `known`.
double eta_passed(double allowed, const PermittedError& e,
                  const Spacing& spacing, double known) {
  const double distance =
      std::floor(allowed / spacing.least) * spacing.least - spacing.ulp / 2;
  const double excess = distance - spacing.ulp / 2;
  if (excess <= 0) return 0;
  // Most values need no root.
  if (excess <= known * e.u * e.condition.linear) return 0;
  return static_cast<double>(
      backward_error(distance, spacing.ulp / 2, e.condition, e.u, e.lambda));
}

}  // namespace

double Closeness::allowed(double want) const {
  return atol + rtol * std::fabs(want);
}

double CustomaryTest::allowed(double want, double ulp) const {
  return ulps > 0 ? ulps * ulp : closeness.allowed(want);
}

// torch/testing/_comparison.py; numpy's manual; onnx/backend/test/case/node;
// webnn/resources/utils.js of the Web Platform Tests.
std::vector<CustomaryTest> customary_tests(DType dtype) {
  std::vector<CustomaryTest> tests;
  const auto torch = [&](double rtol, double atol) {
    tests.push_back({"torch.assert_close", {rtol, atol}});
  };
  if (dtype == DType::f64) torch(1e-7, 1e-7);
  if (dtype == DType::f32) torch(1.3e-6, 1e-5);
  if (dtype == DType::f16) torch(1e-3, 1e-5);
  if (dtype == DType::bf16) torch(1.6e-2, 1e-5);
  tests.push_back({"numpy.allclose", {1e-5, 1e-8}});
  tests.push_back({"numpy.assert_allclose", {1e-7, 0}});
  tests.push_back({"ONNX backend tests", {1e-3, 1e-7}});
  if (dtype == DType::f32 || dtype == DType::f16) {
    tests.push_back({"WebNN conformance", {}, 6});
  }
  return tests;
}

ClosenessTally::ClosenessTally(DType dtype) : pairs_(candidate_pairs(dtype)) {
  result_.dtype = dtype;
  for (const CustomaryTest& test : customary_tests(dtype)) {
    result_.tests.push_back({test});
  }
}

void ClosenessTally::sample(double size) {
  if (result_.values % stride_ != 0) return;
  if (sample_.size() >= kSample) thin();
  sample_.push_back(size);
}

// Keeps every other one.
void ClosenessTally::thin() {
  for (std::size_t i = 0; 2 * i < sample_.size(); ++i) {
    sample_[i] = sample_[2 * i];
  }
  sample_.resize((sample_.size() + 1) / 2);
  stride_ *= 2;
}

void ClosenessTally::add(double want, const PermittedError& error) {
  const double size = std::fabs(want);
  const Spacing spacing(size, result_.dtype);
  const double sound = largest_distance(error, spacing);
  if (size + sound >= beyond_range(result_.dtype)) {
    add_unbounded(1);
    return;
  }
  const double certain = certain_distance(error, spacing);
  sample(size);
  ++result_.values;
  result_.eta_limit = std::max(result_.eta_limit, error.eta_limit);
  sum_ += size;
  positive_ = positive_ || want > 0;
  negative_ = negative_ || want < 0;
  if (sound > 0) {
    ratio_ = std::max(ratio_, size > 0 ? sound / size : kInfinite);
  }
  for (Closeness& pair : pairs_) {
    pair.atol = std::max(pair.atol, sound - pair.rtol * size);
  }
  for (TestedBy& by : result_.tests) {
    const double allowed = by.test.allowed(size, spacing.ulp);
    by.refused += certain > allowed ? 1 : 0;
    by.passes_zero += size <= allowed ? 1 : 0;
    by.largest_eta = std::max(
        by.largest_eta, eta_passed(allowed, error, spacing, by.largest_eta));
  }
}

void ClosenessTally::add(const ClosenessTally& other) {
  const OutputCloseness& o = other.result_;
  result_.values += o.values;
  result_.unbounded += o.unbounded;
  result_.nonfinite += o.nonfinite;
  result_.eta_limit = std::max(result_.eta_limit, o.eta_limit);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    pairs_[i].atol = std::max(pairs_[i].atol, other.pairs_[i].atol);
  }
  ratio_ = std::max(ratio_, other.ratio_);
  sum_ += other.sum_;
  positive_ = positive_ || other.positive_;
  negative_ = negative_ || other.negative_;
  for (std::size_t i = 0; i < result_.tests.size(); ++i) {
    TestedBy& by = result_.tests[i];
    by.refused += o.tests[i].refused;
    by.passes_zero += o.tests[i].passes_zero;
    by.largest_eta = std::max(by.largest_eta, o.tests[i].largest_eta);
  }
  // Each sample stands for as many values as it was taken from.
  stride_ = std::max(stride_, other.stride_);
  sample_.insert(sample_.end(), other.sample_.begin(), other.sample_.end());
  if (sample_.size() > 2 * kSample) thin();
}

OutputCloseness ClosenessTally::result(double margin) const {
  OutputCloseness result = result_;
  result.crosses_zero = positive_ && negative_;
  const auto reported = [&](double tolerance) {
    return rounded_up(for_rounding(tolerance * margin, result_.dtype));
  };
  result.least_atol = reported(pairs_[0].atol);
  if (const double rtol = reported(ratio_); rtol < 1) result.least_rtol = rtol;
  if (result_.values == 0) return result;
  const double mean = sum_ / static_cast<double>(result_.values);
  Closeness best = {0, result.least_atol};
  for (const Closeness& pair : pairs_) {
    const Closeness here = {pair.rtol, reported(pair.atol)};
    if (here.allowed(mean) < best.allowed(mean)) best = here;
  }
  const auto passed =
      std::count_if(sample_.begin(), sample_.end(),
                    [&](double size) { return size <= best.allowed(size); });
  result.zeros_passed =
      static_cast<double>(passed) / static_cast<double>(sample_.size());
  if (result.zeros_passed < 0.5) result.best = best;
  return result;
}

namespace {

// Adds the values of one output.
class Adder {
 public:
  Adder(const Judge& judge, const Problem& problem,
        const Declaration& declaration, Grade required)
      : judge_(judge),
        problem_(problem),
        declaration_(declaration),
        required_(required) {
    const Format working = format(judge.working());
    u_ = working.unit_roundoff();
    lambda_ = wide_power_of_two(judge.keeps_subnormals() ? working.quantum()
                                                         : working.emin);
  }

  void add(Output output, ClosenessTally& to) const {
    const Tensor wants =
        rounded(judge_.exact(), exact_name(declaration_, output),
                output_format(problem_, output));
    const ChannelView view = problem_.view();
    const ParallelLoop loop = {view.channels, wants.size() >= kParallel};
    parallel_for(
        loop, [&] { return ClosenessTally(wants.dtype()); },
        [&](std::int64_t c, ClosenessTally& own) {
          add_channel(output, c, wants, own);
        },
        [&](const ClosenessTally& own) { to.add(own); });
  }

 private:
  void add_channel(Output output, std::int64_t c, const Tensor& wants,
                   ClosenessTally& to) const {
    const bool like_x = shaped_like_x(output);
    const ChannelView view = problem_.view();
    if (!has_bound(output, c)) {
      to.add_unbounded(like_x ? view.count() : 1);
      return;
    }
    PermittedError error;
    error.required = required_;
    error.eta_limit = judge_.limit(output, required_);
    // A quotient by a root is a number of the format only by chance.
    error.passes_neighbour =
        required_ >= Grade::faithful && traits(output).over_root;
    error.u = u_;
    error.lambda = lambda_;
    const Conditions& conditions = judge_.conditions();
    const auto add_value = [&](std::int64_t i) {
      if (wants.finite(i)) {
        to.add(wants.value(i), error);
      } else {
        to.add_nonfinite(1);
      }
    };
    if (!like_x) {
      if (wants.finite(c)) error.condition = conditions.at(output, c);
      add_value(c);
      return;
    }
    const ConditionForm form = conditions.form(output, c);
    view.each_offset(c, [&](std::int64_t i) {
      error.condition = {conditions.at(form.linear, i),
                         conditions.at(form.quadratic, i),
                         conditions.at(form.underflow, i)};
      add_value(i);
    });
  }

  // A channel that is not a number is compared by its kind.
  bool has_bound(Output output, std::int64_t c) const {
    if (required_ < Grade::stable || !judge_.exact().is_number(c)) return true;
    if (judge_.bound_is_void(output, c)) return false;
    return declaration_.domain == Domain::all ||
           why_extreme(judge_, output, c).empty();
  }

  const Judge& judge_;
  const Problem& problem_;
  const Declaration& declaration_;
  Grade required_;
  Wide u_;
  Wide lambda_;
};

}  // namespace

void add_closeness(const Problem& problem, const Declaration& declaration,
                   Grade required, std::map<Output, ClosenessTally>& tallies) {
  const StandardEnvironment environment;
  const Judge judge(problem, declaration);
  const Adder adder(judge, problem, declaration, required);
  for (const Output output : output_names(problem)) {
    if (!offers(declaration, problem.operation, output)) continue;
    const auto [tally, is_new] =
        tallies.emplace(output, ClosenessTally(output_format(problem, output)));
    adder.add(output, tally->second);
  }
}

}  // namespace exactbn
