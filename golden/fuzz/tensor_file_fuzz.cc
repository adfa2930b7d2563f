// SPDX-License-Identifier: Apache-2.0
// The readers of .npy, .npz, .safetensors and .pb files: any bytes are tensors
// or a TensorFileError, and memory is in proportion to the file. What they name
// well is a valid question.
#include "golden/tensor_files.h"
#include "golden/tensor_files/onnx.h"
#include "golden/tensor_files/question.h"
#include "oracles/fuzz/law.h"
#include "reference/problem.h"

namespace exactbn {
namespace {

void read(std::string_view file) {
  const std::vector<StoredTensor> tensors = read_tensors(file, "x");
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : tensors) bytes += tensor.bytes.size();
  law(bytes <= 100 * file.size() + (1 << 20), "the file bounds the memory");
  for (const StoredTensor& stored : tensors) {
    if (!stored.dtype) continue;
    try {
      const Tensor tensor = tensor_of(stored);
      law(tensor.bytes().size() == stored.bytes.size(), "no value is lost");
    } catch (const TensorFileError&) {
      // Empty.
    }
  }
  QuestionOptions options;
  options.epsilon = 0.25;
  options.momentum = 0.5;
  for (const FileQuestion& question :
       file_questions({{"file", Side::either, tensors}}, options, false)
           .questions) {
    require_valid(question.problem);
  }
}

template <class Read>
void refuse_or(const Read& read_file) {
  try {
    read_file();
  } catch (const TensorFileError&) {
    // Refused, as documented.
  }
}

}  // namespace
}  // namespace exactbn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file = exactbn::as_text(data, size);
  exactbn::refuse_or([&] { exactbn::read(file); });
  exactbn::refuse_or([&] { exactbn::read_onnx_batch_norm(file); });
  return 0;
}
