// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oracles/probe/card.h"
#include "oracles/probe/question.h"

namespace exactbn {

// A convention, and the values that it makes of a problem.
struct Hypothesis {
  std::string name;
  std::vector<double> values;
};

// How far apart two answers are, as a part of the largest value in them; 0
// where they are the same, NaN and infinities included, and infinite where one
// has such a value and the other not, or their numbers differ.
double distance(const std::vector<double>& a, const std::vector<double>& b);

// What rounding alone may do to the answer to a small problem: values that are
// further apart come of different formulas.
double rounding_of(const Form& form);

// The names of the hypotheses that the values fit. Equal names count once.
std::vector<std::string> all_fitting(const std::vector<Hypothesis>& hypotheses,
                                     const std::vector<double>& got,
                                     double tolerance);

// The same as a finding, "a or b"; kSomethingElse where none fits.
std::string fitting(const std::vector<Hypothesis>& hypotheses,
                    const std::vector<double>& got, double tolerance);

// "7; momentum: 7, 1 - momentum: 5", of the first value in which the hypotheses
// differ; at most six of them.
std::string compared(const std::vector<Hypothesis>& hypotheses,
                     const std::vector<double>& got);

// The first of them: "1, 2.5, nan, ...".
std::string listed(const std::vector<double>& values);

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

// What is found of one thing and another, "forward_training" or "bf16": a word
// where all agree, else "inside the root; left out in backward_training".
struct Sighting {
  std::string where;
  std::string what;
};
std::string summary(const std::vector<Sighting>& sightings);

// The same with every place: "f64 for f64; f32 for f32, bf16".
std::string by_place(const std::vector<Sighting>& sightings);

// What was found; it agrees unless something else is declared.
void conclude(CardLine& line, std::string_view found);

}  // namespace exactbn
