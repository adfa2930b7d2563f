// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace CLI {
class App;
}

namespace exactbn {

// What files of tensors do not say; empty if not given.
struct TensorFlags {
  std::vector<std::string> operations;
  std::string epsilon;
  std::string momentum;
  std::string channel_axis;
  std::vector<std::string> map;        // x=input_0
  std::vector<std::string> stored_as;  // x=bf16
};

// --operation, --epsilon, --momentum, --channel-axis, --map, --stored-as
void add_tensor_flags(CLI::App& verb, TensorFlags& flags);

// The flags again, with a leading space, for a command that repeats a run.
std::string as_flags(const TensorFlags& flags);

// The name of a flag that is given; empty if none is.
std::string given_flag(const TensorFlags& flags);

// The numbers of flags. Throw UsageError that names the flag.
double number_of(const std::string& flag, const std::string& text);
Operation operation_of(const std::string& flag, const std::string& text);

// --channel-axis: negative from the end, -1 for `last`. Throws UsageError.
std::optional<int> channel_axis_of(const TensorFlags& flags);

// Whether the file is read as tensors: a folder of an ONNX model, or a file
// that is not text. Standard input and pipes are text.
bool is_tensor_file(const std::string& file);

// The questions in files of tensors, and what the files answer.
struct TensorCases {
  std::vector<Case> cases;
  std::vector<Answer> answers;  // one for each case
  Declaration declaration;      // the outputs that are there; ONNX's convention
};

// Each file or folder of ONNX is a question of its own; all other files
// together hold one. Of two files with several tensors each, the first has the
// inputs and the second the outputs. Says on standard error what it guessed.
// Throws UsageError that names the file. `convention` is that of --convention.
TensorCases read_tensor_cases(const std::vector<std::string>& files,
                              const TensorFlags& flags,
                              const std::string& convention,
                              bool needs_outputs);

}  // namespace exactbn
