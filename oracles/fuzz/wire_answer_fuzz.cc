// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of a subject's lines: each line is a declaration, an
// answer to one of six cases, or refused with a WireError. A value that is
// written and read again does not change, and every answer can be judged.
#include <algorithm>
#include <vector>

#include "oracles/check.h"
#include "oracles/fuzz/law.h"
#include "oracles/wire.h"

namespace exactbn {
namespace {

Tensor some_values(const Shape& shape) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, round_to(static_cast<double>(i * i + 1), DType::f32));
  }
  return tensor;
}

// One case for each operation, named after it, with every input that it
// accepts: two channels of two values.
std::vector<Case> make_cases() {
  std::vector<Case> cases;
  for (const Operation operation : kOperations) {
    Case c;
    c.id = to_string(operation);
    c.problem.operation = operation;
    c.problem.epsilon = 0.125;
    c.problem.momentum = 0.125;
    c.problem.inputs.emplace(Input::x, some_values({2, 2}));
    for (const Input name : inputs_of(operation)) {
      c.problem.inputs.emplace(name, some_values(shape_of(c.problem, name)));
    }
    require_valid(c.problem);
    cases.push_back(std::move(c));
  }
  return cases;
}

void check_declaration(const Declaration& declaration) {
  const std::string written = write_declaration(declaration);
  law(write_declaration(read_declaration(written)) == written,
      "what is written is read as the same");
}

void check_answer(const Case& c, const Declaration& declaration,
                  const Answer& answer) {
  const std::string written = write_answer(c.id, answer);
  law(write_answer(c.id, read_answer(written, c)) == written,
      "what is written is read as the same");
  if (why_unsupported(declaration, c.problem)) return;
  const CaseVerdict fast = check(c, declaration, answer, Grade::sequential);
  const CaseVerdict slow =
      check(c, declaration, answer, Grade::sequential, Filter::off);
  law(fast.verdict == slow.verdict && fast.outputs == slow.outputs,
      "the filter does not change a verdict");
  const CaseVerdict strict = check(c, declaration, answer, Grade::correct);
  law(fast.verdict <= strict.verdict, "what passes as correct passes");
}

void read_and_judge(std::string_view line, Declaration& declaration) {
  static const std::vector<Case> cases = make_cases();
  try {
    declaration = read_declaration(line);
    check_declaration(declaration);
  } catch (const WireError&) {
    // No declaration.
  }
  for (const Case& c : cases) {
    try {
      check_answer(c, declaration, read_answer(line, c));
    } catch (const WireError&) {
      // No answer to this case.
    }
  }
}

}  // namespace
}  // namespace exactbn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = exactbn::as_text(data, size);
  exactbn::Declaration declaration;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    exactbn::read_and_judge(line, declaration);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return 0;
}
