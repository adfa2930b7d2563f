// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "reference/tensor.h"

namespace exactbn {

// Numbers that somebody typed: separated by blanks or commas, perhaps in
// brackets as in Python, whose nesting is the shape.
struct TypedNumbers {
  std::vector<std::string> words;
  std::optional<Shape> shape;  // if there are brackets
};

// Throws UsageError that names the flag.
TypedNumbers read_numbers(const std::string& flag, const std::string& text);

// The numbers rounded to nearest; decimals, hexadecimal floats, inf and nan.
// Throws UsageError, also if a number is beyond the range of the format.
Tensor tensor_of(const std::string& flag, const std::vector<std::string>& words,
                 DType dtype, const Shape& shape);

// Reads a shape such as 2x3x5, or nothing; and what to say then.
std::optional<Shape> parse_shape(const std::string& text);
std::string no_shape(const std::string& text);

// Reads a shape such as 2x3x5. Throws UsageError.
Shape shape_of(const std::string& flag, const std::string& text);

}  // namespace exactbn
