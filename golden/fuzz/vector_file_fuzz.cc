// SPDX-License-Identifier: Apache-2.0
// The reader and the prover of vector files: any bytes are a file or a
// WireError. The cases of a file verify with the answers that prove() gives,
// and do not if one bit of an answer changes.
#include <set>

#include "golden/suite/case_id.h"
#include "golden/suite/labels.h"
#include "golden/vector/file.h"
#include "golden/vector/manifest.h"
#include "golden/vector/prove.h"
#include "golden/verify.h"
#include "oracles/fuzz/law.h"
#include "oracles/wire.h"

namespace exactbn {
namespace {

Folder signed_folder(const VectorFile& file) {
  const OutputFile written = {file_name(file), write_vectors(file)};
  return {{written.name, written.text},
          {std::string(kManifest), manifest({written})}};
}

std::vector<std::string> wrong(const VectorFile& file) {
  return verify(signed_folder(file)).wrong;
}

// The file's cases with the answers that prove() gives, without cases of other
// operations and formats, and without duplicates.
VectorFile proved(const VectorFile& file) {
  std::vector<Vector> vectors;
  std::set<std::string> ids;
  for (const Vector& given : file.cases) {
    Case question = given.question;
    const Problem& problem = question.problem;
    if (problem.operation != file.operation) continue;
    const Tensor* x = problem.find(Input::x);
    if (x == nullptr || x->dtype() != file.dtype) continue;
    question.id = case_id(problem);
    std::erase_if(question.labels,
                  [](const std::string& label) { return !find_label(label); });
    if (question.labels.empty() || !ids.insert(question.id).second) continue;
    vectors.push_back(prove(std::move(question), given.comment));
  }
  return vector_file(file.operation, file.dtype, file.generator, vectors);
}

// Flips the last bit of the last value of each output in turn.
void expect_noticed(VectorFile& file) {
  for (Vector& vector : file.cases) {
    for (auto& [name, output] : vector.expected.outputs) {
      Tensor& values = output.values;
      const std::int64_t last = values.size() - 1;
      values.set_bits(last, values.bits(last) ^ 1);
      law(!wrong(file).empty(), "a wrong bit is noticed");
      values.set_bits(last, values.bits(last) ^ 1);
    }
  }
}

void read_and_prove(std::string_view text) {
  const VectorFile file = read_vectors(text);
  for (const Vector& vector : file.cases) {
    law(difference(vector, vector).empty(),
        "a case does not differ from itself");
  }
  VectorFile right = proved(file);
  // Compares text: a case that must be refused may have a NaN epsilon.
  const std::string written = write_vectors(right);
  law(write_vectors(read_vectors(written)) == written,
      "a written file reads back the same");
  for (const std::string& what : wrong(right)) law(false, what.c_str());
  expect_noticed(right);
}

}  // namespace
}  // namespace exactbn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = exactbn::as_text(data, size);
  try {
    exactbn::verify({{"any.json", std::string(text)}});
    exactbn::read_and_prove(text);
  } catch (const exactbn::WireError&) {
    // Refused, as documented.
  }
  return 0;
}
