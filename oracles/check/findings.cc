// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/findings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reference/rounded/affine_form.h"

namespace exactbn {

namespace {

// The inputs, with x first if it is one of them.
InputNames x_first(const InputNames& inputs) {
  InputNames names;
  if (inputs.contains(Input::x)) names.push_back(Input::x);
  for (const Input input : inputs) {
    if (input != Input::x) names.push_back(input);
  }
  return names;
}

}  // namespace

CheckedOutput checked_output(const Problem& problem, const Judge& judge,
                             Screen* screen, Output output, const Tensor& got,
                             Grade required) {
  CheckedOutput checked = {problem,
                           judge,
                           screen,
                           output,
                           got,
                           required,
                           problem.view(),
                           x_first(form_inputs(problem.operation, output)),
                           {},
                           judge.limit(output, required),
                           std::ldexp(1.0, format(got.dtype()).quantum()),
                           got.dtype() == DType::f32};
  for (const Input name : checked.names) {
    checked.inputs.push_back(problem.find(name));
    checked.floats =
        checked.floats && checked.inputs.back()->dtype() == DType::f32;
  }
  return checked;
}

Judgement CheckedOutput::judge_exactly(std::int64_t i) const {
  const std::uint64_t bits = got.bits(i);
  return screen ? screen->judge_exactly(output, i, bits, got.dtype())
                : judge(output, i, bits, got.dtype());
}

const Judge& CheckedOutput::exact(std::int64_t channel) const {
  return screen ? screen->exact(channel) : judge;
}

Findings::Findings(const CheckedOutput& checked)
    : checked_(checked),
      verdict_(empty_verdict(checked.problem, checked.judge, checked.output,
                             checked.got.dtype(), checked.required)) {}

PassBound Findings::pass_bound() const {
  const double ulps = ulp.get();
  const double wrong = eta_of_unfaithful.get();
  // If some value is an ulp away or more, the worst value is one of those,
  // which fail beyond the limit.
  if (ulps < 1 && wrong == 0) return {ulps, eta.get()};
  return {ulps, checked_.required >= Grade::stable
                    ? std::min(wrong, checked_.limit)
                    : wrong};
}

bool Findings::may_be_worst(const Candidate& candidate) const {
  if (candidate.max_ulps >= ulp.get()) return true;
  if (candidate.max_eta <= 0) return false;
  // One of them has the largest eta. Or one is worse than all that are an ulp
  // away or more, and so it is one of those.
  return candidate.max_eta >= eta.get() ||
         (candidate.max_ulps >= 1 && candidate.max_eta >= pass_bound().eta);
}

bool Findings::may_be_worst(const ErrorBounds& bounds, double tolerance) const {
  return !(bounds.high <= ulp.get() * bounds.ulp_low &&
           bounds.high <= 0.5 * bounds.ulp_low + tolerance);
}

void Findings::add(const OutputVerdict& found, const CheckCounts& counts,
                   const std::vector<Candidate>& candidates) {
  const std::lock_guard<std::mutex> lock(mutex_);
  merge(verdict_, found);
  counts_.values += counts.values;
  counts_.by_integers += counts.by_integers;
  candidates_.insert(candidates_.end(), candidates.begin(), candidates.end());
}

std::vector<Candidate> Findings::take_candidates() {
  return std::exchange(candidates_, {});
}

}  // namespace exactbn
