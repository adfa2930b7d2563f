// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "oracles/judge/condition.h"
#include "oracles/judge/verdict.h"
#include "oracles/subject.h"

// The tolerances of tests that ask |got - want| <= atol + rtol |want|, as numpy
// and torch do. bounds.md, "The tolerances of a test", derives them.
namespace exactbn {

struct Closeness {
  double rtol = 0;
  double atol = 0;

  double allowed(double want) const;  // atol + rtol |want|
};

// A test that people use. `ulps` instead of both if it is positive: the steps
// between two values of the format.
struct CustomaryTest {
  std::string_view name;
  Closeness closeness;
  int ulps = 0;

  double allowed(double want, double ulp) const;
};

// The customary tests of outputs in a format.
std::vector<CustomaryTest> customary_tests(DType dtype);

// What a customary test does to an output.
struct TestedBy {
  CustomaryTest test;
  // Values of which it refuses some answer that the judge passes.
  std::int64_t refused = 0;
  // Values for which it passes 0 as the answer.
  std::int64_t passes_zero = 0;
  // The largest eta of a wrong answer that it passes; infinite if it passes an
  // error where no rounding of inputs explains any.
  double largest_eta = 0;
};

// What holds for all values of one output, over any number of problems.
struct OutputCloseness {
  DType dtype = DType::f32;
  std::int64_t values = 0;     // that have a bound
  std::int64_t unbounded = 0;  // no tolerance is sound for them
  std::int64_t nonfinite = 0;  // compared by their kind, not by a tolerance
  double eta_limit = 0;        // the largest of the problems
  bool crosses_zero = false;   // there are positive and negative values
  double least_atol = 0;       // with rtol 0
  std::optional<double> least_rtol;  // with atol 0; nothing if none is below 1
  // The pair that allows least on average, with rtol from 1, 2, 5 times powers
  // of 10. Nothing if 0 would pass for half of the values or more.
  std::optional<Closeness> best;
  double zeros_passed = 0;  // the share of values for which 0 passes under it
  std::vector<TestedBy> tests;
};

// What the judge lets a value be, beyond the rounding to its format.
struct PermittedError {
  Grade required = Grade::sequential;
  double eta_limit = 0;
  // Whether a neighbour of the correctly rounded value passes, as it does
  // unless the exact value is one of the format.
  bool passes_neighbour = false;
  Condition condition;
  Wide u = 0;       // of the working format
  Wide lambda = 0;  // the same
};

// Collects the values of one output.
class ClosenessTally {
 public:
  explicit ClosenessTally(DType dtype);

  // A value whose correctly rounded answer is the finite `want`.
  void add(double want, const PermittedError& error);
  void add_unbounded(std::int64_t count) { result_.unbounded += count; }
  void add_nonfinite(std::int64_t count) { result_.nonfinite += count; }

  void add(const ClosenessTally& other);

  // `margin` multiplies the tolerances that are found: for a class of data, of
  // which these values are only a sample.
  OutputCloseness result(double margin = 1) const;

 private:
  void sample(double size);
  void thin();

  OutputCloseness result_;
  std::vector<Closeness> pairs_;  // every rtol, with the atol that it needs
  double ratio_ = 0;              // the largest |got - want| / |want|
  double sum_ = 0;                // of |want|
  bool positive_ = false;
  bool negative_ = false;
  std::vector<double> sample_;  // of |want|
  std::int64_t stride_ = 1;     // the distance of the values in the sample
};

// Adds the values of every output of the problem to the tally of that output.
// Answers pass that the judge passes with the required grade. With the domain
// `ordinary` values have no bound in channels that are extreme.
void add_closeness(const Problem& problem, const Declaration& declaration,
                   Grade required, std::map<Output, ClosenessTally>& tallies);

}  // namespace exactbn
