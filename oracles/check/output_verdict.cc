// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/output_verdict.h"

#include <algorithm>
#include <cmath>

namespace exactbn {

Verdict verdict_of(const Judgement& j, Grade required) {
  if (j.grade <= required) {
    return j.decided ? Verdict::passed : Verdict::undecided;
  }
  // Even if eta is meaningless, it is certain that the value is not faithful.
  const bool by_eta = required >= Grade::stable;
  return j.decided || !by_eta ? Verdict::failed : Verdict::undecided;
}

namespace {

// Compares by grade, then eta, then ulp; of equal values the first is worse.
bool worse(const Finding& a, const Finding& b) {
  const Judgement& x = a.judgement;
  const Judgement& y = b.judgement;
  if (x.grade != y.grade) return x.grade > y.grade;
  if (x.eta != y.eta) return x.eta > y.eta;
  const double x_ulp = std::fabs(x.ulp);
  const double y_ulp = std::fabs(y.ulp);
  if (x_ulp != y_ulp) return x_ulp > y_ulp;
  return a.index < b.index;
}

constexpr std::int64_t kNone = -1;

}  // namespace

OutputVerdict verdict_on_no_channel(const Judge& judge, Output output,
                                    DType dtype, Grade required) {
  OutputVerdict out;
  out.output = output;
  out.dtype = dtype;
  out.limit = judge.limit(output, required);
  out.worst.index = kNone;
  return out;
}

OutputVerdict empty_verdict(const Problem& problem, const Judge& judge,
                            Output output, DType dtype, Grade required) {
  OutputVerdict out = verdict_on_no_channel(judge, output, dtype, required);
  out.failed_in_channel.resize(
      static_cast<std::size_t>(problem.view().channels));
  return out;
}

void add(OutputVerdict& out, const Finding& finding, Grade required,
         std::int64_t channel) {
  const Judgement& j = finding.judgement;
  const Verdict verdict = verdict_of(j, required);
  out.verdict = std::max(out.verdict, verdict);
  if (verdict == Verdict::undecided) {
    ++out.undecided_values;
    return;
  }
  if (verdict == Verdict::failed) add_failed(out, 1, channel);
  out.grade = std::max(out.grade, j.grade);
  // An exact 0 has no ulp; eta judges a value other than 0.
  const bool counts = std::isfinite(j.ulp) || !std::isfinite(j.eta);
  if (counts) out.max_ulp = std::max(out.max_ulp, std::fabs(j.ulp));
  out.max_eta = std::max(out.max_eta, j.eta);
  if (out.worst.index == kNone || worse(finding, out.worst)) {
    out.worst = finding;
  }
}

void add_failed(OutputVerdict& out, std::int64_t count, std::int64_t channel) {
  out.verdict = std::max(out.verdict, Verdict::failed);
  out.failed_values += count;
  if (out.failed_in_channel.empty()) return;
  out.failed_in_channel[static_cast<std::size_t>(channel)] += count;
}

void merge(OutputVerdict& out, const OutputVerdict& other) {
  out.verdict = std::max(out.verdict, other.verdict);
  out.grade = std::max(out.grade, other.grade);
  out.max_ulp = std::max(out.max_ulp, other.max_ulp);
  out.max_eta = std::max(out.max_eta, other.max_eta);
  if (other.worst.index != kNone &&
      (out.worst.index == kNone || worse(other.worst, out.worst))) {
    out.worst = other.worst;
  }
  out.failed_values += other.failed_values;
  out.undecided_values += other.undecided_values;
  for (std::size_t c = 0; c < other.failed_in_channel.size(); ++c) {
    out.failed_in_channel[c] += other.failed_in_channel[c];
  }
}

}  // namespace exactbn
