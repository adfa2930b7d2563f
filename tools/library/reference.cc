// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "oracles/judge.h"
#include "reference/parallel_for.h"
#include "reference/rounded.h"
#include "tools/library/array.h"
#include "tools/library/entry.h"
#include "tools/library/question.h"

namespace exactbn {

namespace {

// exact - value, correctly rounded; 0 where either is no number.
Tensor residual_of(const ExactBatchNorm& exact, Output output,
                   const Tensor& value) {
  const DType dtype = value.dtype();
  Tensor residual(dtype, value.shape());
  parallel_for(ParallelLoop{value.size(), value.size() > kParallel, 1024},
               [&](std::int64_t i) {
                 if (!value.finite(i)) return;
                 const Exact at = exact.at(output, i);
                 if (at.kind != Exact::Kind::number) return;
                 residual.set_bits(i,
                                   round_to(at.value - value.exact(i), dtype));
               });
  return residual;
}

void copy_to(void* memory, const Tensor& tensor) {
  std::memcpy(memory, tensor.bytes().data(), tensor.bytes().size());
}

void compute(const ExactBatchNorm& exact, const Declaration& declaration,
             const exactbn_wanted& wanted, std::size_t i) {
  const std::string argument = fmt::format("wanted[{}]", i);
  const Output output = exact_name(
      declaration, output_of(exact.problem(), wanted.name, argument + ".name"));
  const DType dtype = dtype_of(wanted.dtype, argument + ".dtype");
  require_given(wanted.value, argument + ".value");
  const Tensor value = rounded(exact, output, dtype);
  copy_to(wanted.value, value);
  if (wanted.residual) {
    copy_to(wanted.residual, residual_of(exact, output, value));
  }
}

}  // namespace
}  // namespace exactbn

extern "C" {

exactbn_result* exactbn_reference(const exactbn_question* question,
                                  size_t wanted_count,
                                  const exactbn_wanted* wanted,
                                  const exactbn_judging* judging) {
  using namespace exactbn;
  return new_result([&](exactbn_result&) {
    require_given(question, "question");
    const JudgingBy by = judging_by(judging);
    Case c = case_of(*question);
    const Problem problem = as_solved(std::move(c.problem), by.declaration);
    if (wanted_count == 0) {
      throw InvalidArgument("wanted: none, expected at least one");
    }
    require_given(wanted, "wanted");
    const ExactBatchNorm exact(problem);
    for (std::size_t i = 0; i < wanted_count; ++i) {
      compute(exact, by.declaration, wanted[i], i);
    }
  });
}

exactbn_result* exactbn_tolerance_units(const exactbn_question* question,
                                        const char* output,
                                        const exactbn_judging* judging,
                                        double* unit, double* limit) {
  using namespace exactbn;
  return new_result([&](exactbn_result&) {
    require_given(question, "question");
    require_given(unit, "unit");
    require_given(limit, "limit");
    const JudgingBy by = judging_by(judging);
    Case c = case_of(*question);
    const Problem problem = as_solved(std::move(c.problem), by.declaration);
    const Output name = output_of(problem, output, "output");
    const Judge judge(problem, by.declaration);
    const double most = judge.limit(name, by.required);
    *limit = most;
    const ChannelView view = problem.view();
    const std::int64_t n = element_count(shape_of(problem, name));
    const Output exact = exact_name(by.declaration, name);
    parallel_for(ParallelLoop{n, n > kParallel, 1024}, [&](std::int64_t i) {
      const std::int64_t channel = shaped_like_x(name) ? view.channel(i) : i;
      if (judge.exact().at(exact, i).kind != Exact::Kind::number) {
        unit[i] = std::numeric_limits<double>::quiet_NaN();
      } else if (judge.bound_is_void(name, channel)) {
        unit[i] = std::numeric_limits<double>::infinity();
      } else {
        unit[i] = static_cast<double>(judge.tolerance_unit(name, i, most));
      }
    });
  });
}

}  // extern "C"
