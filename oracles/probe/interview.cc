// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe/interview.h"

#include <fmt/format.h>

#include <vector>

#include "oracles/probe.h"

namespace exactbn::probing {

namespace {

constexpr std::array kByUse = {DType::f32, DType::f64,      DType::bf16,
                               DType::f16, DType::f8e4m3fn, DType::f8e5m2};

// First rank 2 with the channels last, which is also axis 1; then the usual
// layouts of frameworks; then all others.
std::vector<Encoding> layouts() {
  std::vector<Encoding> all;
  const auto add = [&](int rank, int axis) {
    Encoding encoding;
    encoding.rank = rank;
    encoding.axis = axis;
    for (const Encoding& other : all) {
      if (other == encoding) return;
    }
    all.push_back(encoding);
  };
  add(2, 1);
  add(4, 1);
  add(4, 3);
  for (int rank = 2; rank <= 5; ++rank) {
    for (int axis = 0; axis < rank; ++axis) add(rank, axis);
  }
  return all;
}

// The formats of parameters for a short x: f32, as is most common, or that of
// x.
std::vector<DType> parameters_beside(DType dtype) {
  if (format(dtype).width >= format(DType::f32).width) return {dtype};
  return {DType::f32, dtype};
}

}  // namespace

Answer Interview::ask(const Problem& problem) {
  if (const auto why = why_unsupported(declaration(), problem)) {
    Answer answer;
    answer.kind = Answer::Kind::unsupported;
    answer.message = "not declared (" + *why + ")";
    return answer;
  }
  if (breaks_ >= kMostProbeBreaks) {
    throw SubjectFailure("not asked: the subject broke too often");
  }
  require_valid(problem);
  Case c;
  c.id = fmt::format("probe-{}", ++asked_);
  c.problem = problem;
  try {
    return answer_of(subject_, c);
  } catch (const SubjectFailure&) {
    ++breaks_;
    throw;
  }
}

std::optional<Encoding> Interview::find_encoding(Operation operation,
                                                 DType dtype,
                                                 const Encoding* like) {
  for (Encoding encoding : like ? std::vector<Encoding>{*like} : layouts()) {
    for (const DType parameters : parameters_beside(dtype)) {
      encoding.dtype = dtype;
      encoding.parameters = parameters;
      const Answer answer = ask(ordinary_question(operation), encoding);
      if (answer.kind == Answer::Kind::outputs) return encoding;
      refusals_[operation] = answer.message;
    }
  }
  return std::nullopt;
}

const Encoding* Interview::encoding(Operation operation) {
  if (const auto failure = failures_.find(operation);
      failure != failures_.end()) {
    throw SubjectFailure(failure->second);
  }
  if (!encodings_.contains(operation)) {
    std::optional<Encoding> found;
    try {
      for (const DType dtype : kByUse) {
        if (!found) found = find_encoding(operation, dtype, nullptr);
      }
    } catch (const SubjectFailure& failure) {
      failures_[operation] = failure.what();
      throw;
    }
    encodings_[operation] = found;
  }
  const std::optional<Encoding>& found = encodings_[operation];
  return found ? &*found : nullptr;
}

const Encoding* Interview::encoding(Operation operation, DType dtype) {
  const Encoding* first = encoding(operation);
  if (!first || first->dtype == dtype) return first;
  const std::pair key(operation, dtype);
  if (!of_dtype_.contains(key)) {
    of_dtype_[key] = std::nullopt;
    of_dtype_[key] = find_encoding(operation, dtype, first);
  }
  const std::optional<Encoding>& found = of_dtype_[key];
  return found ? &*found : nullptr;
}

bool Interview::does(Operation operation) {
  try {
    return encoding(operation) != nullptr;
  } catch (const SubjectFailure&) {
    return false;
  }
}

const std::string& Interview::refusal(Operation operation) const {
  static const std::string none;
  const auto found = refusals_.find(operation);
  return found == refusals_.end() ? none : found->second;
}

std::optional<Operation> Interview::first_of(
    std::initializer_list<Operation> these) {
  for (const Operation operation : these) {
    if (does(operation)) return operation;
  }
  return std::nullopt;
}

}  // namespace exactbn::probing
