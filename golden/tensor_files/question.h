// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "golden/tensor_files.h"
#include "golden/tensor_files/names.h"
#include "oracles/subject.h"

namespace exactbn {

// Tensors from one file.
struct TensorSource {
  std::string file;          // for messages
  Side side = Side::either;  // where names that are both belong
  std::vector<StoredTensor> tensors;
};

// What files of tensors do not say, or say in other words. What is absent is
// taken from the files, or guessed where only one guess is possible.
struct QuestionOptions {
  std::vector<Operation> operations;
  std::optional<double> epsilon;
  std::optional<double> momentum;
  std::optional<int> channel_axis;  // negative: from the end
  std::int64_t batches_tracked = 0;
  std::map<std::string, std::string> names;  // by role: "x", "outputs.y"
  std::map<std::string, DType> formats;      // of stored bits, by tensor
  // If nothing else says what epsilon is: the default of a framework.
  std::optional<double> usual_epsilon;
};

// A question in files, with the outputs that they hold.
struct FileQuestion {
  Problem problem;
  OutputTensors outputs;
};

struct FileQuestions {
  std::vector<FileQuestion> questions;
  std::vector<std::string> guesses;  // "gamma = weight", "channel axis 1"
  std::vector<std::string> unused;   // names of tensors
};

// The questions of the files: one for each operation. Each problem is valid.
// `needs_outputs`: whether a question without outputs is refused. Throws
// TensorFileError, which names the file.
FileQuestions file_questions(const std::vector<TensorSource>& sources,
                             const QuestionOptions& options,
                             bool needs_outputs);

}  // namespace exactbn
