// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oracles/probe/card.h"
#include "oracles/probe/question.h"

namespace exactbn::probing {

// A convention and the values that it gives for a problem.
struct Hypothesis {
  std::string name;
  std::vector<double> values;
};

// The largest difference between two answers, relative to their largest value.
// 0 if they are equal, NaN and infinities included; infinite if only one has
// NaN or an infinity at a place, or if their sizes differ.
double distance(const std::vector<double>& a, const std::vector<double>& b);

// The error that rounding alone may cause in the answer to a small problem; a
// larger difference means another formula.
double rounding_of(const Encoding& encoding);

// The names of the hypotheses that fit the values. Equal names count once.
std::vector<std::string> all_fitting(const std::vector<Hypothesis>& hypotheses,
                                     const std::vector<double>& got,
                                     double tolerance);

// The same as a finding, "a or b"; kSomethingElse if none fits.
std::string fitting(const std::vector<Hypothesis>& hypotheses,
                    const std::vector<double>& got, double tolerance);

// "7; momentum: 7, 1 - momentum: 5", for the first value in which the
// hypotheses differ; at most six hypotheses.
std::string compared(const std::vector<Hypothesis>& hypotheses,
                     const std::vector<double>& got);

// The first values: "1, 2.5, nan, ...".
std::string listed(const std::vector<double>& values);

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

// A finding and its place, "forward_training" or "bf16". The summary is one
// word if all agree, else "inside the root; left out in backward_training".
struct Observation {
  std::string where;
  std::string what;
};
std::string summary(const std::vector<Observation>& observations);

// The same with the places of every finding: "f64 for f64; f32 for f32, bf16".
std::string by_place(const std::vector<Observation>& observations);

// Sets the finding; it agrees unless something else is declared.
void conclude(CardLine& line, std::string_view found);

}  // namespace exactbn::probing
