// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "golden/vector/file.h"
#include "reference/problem.h"

namespace exactbn {

// A case too large to write down. Its file says how to make the inputs, and
// holds digests of the answers, exact statistics and some values;
// golden/README.md documents it.
struct Recipe {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f32;
  Shape shape;
  int channel_axis = 1;
  double epsilon = 0;
  std::optional<double> momentum;
  std::uint64_t seed = 0;
};

// recipe-forward_training-f32-32x64x56x56.json
std::string file_name(const Recipe& recipe);

// The file's text. Throws InvalidProblem or std::invalid_argument if the recipe
// has no answer.
std::string write_recipe(const Recipe& recipe, const Generator& generator);

// Whether the text of a file begins as a recipe.
bool is_recipe(std::string_view text);

// The result of making a file again.
struct RecipeProof {
  std::int64_t values = 0;  // of all outputs
  std::string wrong;        // "/outputs/y/sha256: ...", or empty
};

// Throws WireError if the text is not a recipe.
RecipeProof prove_recipe(std::string_view name, std::string_view text);

}  // namespace exactbn
