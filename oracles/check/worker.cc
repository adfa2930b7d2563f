// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/worker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

// Tolerances are rounded by this, which covers their rounding errors
// (bounds.md).
constexpr double kFastCheckSlack = 0x1p-20;
// Larger etas are not distinguished.
constexpr double kMostEta = 0x1p40;
// After this many blocks that a quick test did not decide, it is no longer
// tried.
constexpr int kMisses = 4;
// Between these etas the tolerance is nearly linear in eta, which bounds an
// eta.
constexpr double kLeastEta = 0x1p-40;
constexpr double kReach = 0x1p12;
// For results with a few rounding errors.
constexpr double kRoundedDown = 1 - 0x1p-50;
constexpr double kRoundedUp = 1 + 0x1p-50;

}  // namespace

Worker::Worker(const CheckedOutput& checked, Findings& findings)
    : checked_(checked),
      findings_(findings),
      verdict_(verdict_on_no_channel(checked.judge, checked.output,
                                     checked.got.dtype(), checked.required)) {}

void Worker::finish() {
  drop_candidates();
  findings_.add(verdict_, counts_, candidates_);
}

void Worker::judge(const std::vector<Candidate>& candidates) {
  for (const Candidate& c : candidates) {
    if (findings_.may_be_worst(c)) judge(c.index);
  }
}

void Worker::judge_all(std::int64_t first, std::int64_t n) {
  counts_.values += n;
  for (std::int64_t i = first; i < first + n; ++i) judge(i);
}

void Worker::check(ChannelForms& forms, std::int64_t first, std::int64_t n,
                   std::int64_t next) {
  counts_.values += n;
  load(first, n, next);
  const DType dtype = checked_.got.dtype();
  const PassBound bound = pass_bound();
  const bool easy = findings_.misses < kMisses;
  if (easy) {
    if (all_within_half_ulp(forms.forms(), values_, n, dtype, bound.ulps))
      return;
    measure_all(forms, n);
    if (judge_if_few(forms, first, n)) return;
    ++findings_.misses;
  }
  if (all_pass(forms, n, bound)) return;
  if (!easy) measure_all(forms, n);
  judge_block(forms, first, n);
}

// The error in ulps below which a value passes under the required grade.
double Worker::passing_ulps() const {
  constexpr double below = 1 - 0x1p-30;
  if (checked_.required == Grade::correct) return below / 2;
  if (checked_.required == Grade::faithful) return below;
  return std::numeric_limits<double>::infinity();
}

PassBound Worker::pass_bound() const {
  PassBound bound = findings_.pass_bound();
  bound.ulps = std::min(bound.ulps, passing_ulps());
  bound.eta = std::min(bound.eta, kMostEta);
  return bound;
}

// With a screen, tries the least sizes first: most values pass with them.
bool Worker::all_pass(ChannelForms& forms, std::int64_t n,
                      const PassBound& bound) {
  const DType dtype = checked_.got.dtype();
  const bool try_least =
      forms.estimated() && findings_.least_size_misses < kMisses;
  if (try_least) {
    forms.set_tolerance(bound.eta, -kFastCheckSlack, Sizes::least);
    if (all_within_tolerance(forms.forms(), values_, n, dtype, bound.ulps))
      return true;
  }
  forms.set_tolerance(bound.eta, -kFastCheckSlack);
  if (!all_within_tolerance(forms.forms(), values_, n, dtype, bound.ulps))
    return false;
  if (try_least) ++findings_.least_size_misses;
  return true;
}

void Worker::measure_all(const ChannelForms& forms, std::int64_t n) {
  measure(forms.forms(), values_, n, checked_.got.dtype(), bounds_.data());
  std::fill_n(resolved_.begin(), n, false);
  if (checked_.judge.keeps_subnormals()) return;
  // What may be flushed is excused for more than half an ulp, so its distance
  // does not prove that it fails.
  for (std::int64_t i = 0; i < n; ++i) {
    ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
    if (b.ulp_low <= checked_.quantum) b.low = 0;
  }
}

// Handles a measured block in which few values are not certainly within half an
// ulp. Those are judged or kept as candidates. Of the others, which pass
// without a tolerance because their eta is 0, those that may be the worst are
// kept as candidates. Returns false, having done nothing, if there are more
// than a few.
bool Worker::judge_if_few(ChannelForms& forms, std::int64_t first,
                          std::int64_t n) {
  constexpr std::size_t kFew = 16;
  std::array<std::int64_t, kFew> few{};
  std::size_t count = 0;
  double least = 0;  // lower bound of the largest error, in ulps
  for (std::int64_t i = 0; i < n; ++i) {
    const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
    if (b.high <= 0.5 * b.ulp_low) {
      least = std::max(least, b.low / b.ulp_high);
    } else {
      if (count == kFew) return false;
      few[count++] = i;
    }
  }
  findings_.ulp.raise(least * kRoundedDown);
  const double ulps = pass_bound().ulps;
  for (std::int64_t i = 0; i < n; ++i) {
    const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
    if (b.high <= ulps * b.ulp_low || b.high > 0.5 * b.ulp_low) continue;
    keep_candidate({first + i, b.high / b.ulp_low * kRoundedUp, 0});
  }
  for (std::size_t j = 0; j < count; ++j) {
    resolve(forms, first, few[j], Sizes::least);
  }
  return true;
}

// Judges a value unless it can be deferred.
void Worker::resolve(ChannelForms& forms, std::int64_t first, std::int64_t i,
                     Sizes sizes) {
  bool& resolved = resolved_[static_cast<std::size_t>(i)];
  if (resolved) return;
  resolved = true;
  // Estimates alone have sizes other than exact ones.
  const Sizes known = forms.estimated() ? sizes : Sizes::exact;
  if (!defer(forms, first, i, known)) judge(first + i);
}

// If a measured value certainly passes, keeps it as a candidate and returns
// true. Its lower error bounds raise the running maxima, so that fewer later
// values become candidates. Uses exact sizes, or else the least and greatest.
bool Worker::defer(ChannelForms& forms, std::int64_t first, std::int64_t i,
                   Sizes sizes) {
  const auto tolerance = [&, in = inputs_at(i)](double eta, double slack,
                                                Sizes with) {
    return forms.tolerance(i, in, eta, slack, with);
  };
  const bool exact = sizes == Sizes::exact;
  const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
  if (!surely_passes(b, tolerance(checked_.limit, -kFastCheckSlack, sizes))) {
    return false;
  }
  const double most_off = b.high - 0.5 * b.ulp_low;
  const double per_eta =
      tolerance(kLeastEta, -kFastCheckSlack, sizes) / kLeastEta;
  const double max_eta =
      most_off > 0 ? std::max(most_off / per_eta * kRoundedUp, kLeastEta) : 0;
  // The tolerance is convex in eta.
  const double reach = tolerance(kReach, kFastCheckSlack,
                                 exact ? Sizes::exact : Sizes::greatest);
  const double least_off = b.low - 0.5 * b.ulp_high;
  const bool within = least_off > 0 && least_off <= reach;
  const double least_eta =
      within ? kReach * (least_off / reach) * kRoundedDown : 0;
  // The exact value may be 0, which has no ulp.
  if (b.ulp_low > checked_.quantum) {
    const double least_ulps = b.low / b.ulp_high * kRoundedDown;
    findings_.ulp.raise(least_ulps);
    findings_.eta.raise(least_eta);
    if (least_ulps >= 1) findings_.eta_of_unfaithful.raise(least_eta);
  }
  keep_candidate({first + i, b.high / b.ulp_low * kRoundedUp, max_eta});
  return true;
}

void Worker::keep_candidate(const Candidate& candidate) {
  constexpr std::size_t kMost = 4096;
  if (!findings_.may_be_worst(candidate)) return;
  candidates_.push_back(candidate);
  if (candidates_.size() < kMost) return;
  // There are this many if values repeat, say. Judging them raises the maxima.
  drop_candidates();
  if (candidates_.size() < kMost / 2) return;
  judge(candidates_);
  candidates_.clear();
}

void Worker::drop_candidates() {
  std::erase_if(candidates_, [this](const Candidate& c) {
    return !findings_.may_be_worst(c);
  });
}

void Worker::load(std::int64_t first, std::int64_t n, std::int64_t next) {
  values_.floats = checked_.floats;
  for (std::size_t j = 0; j < checked_.inputs.size(); ++j) {
    values_.in[j] = load(*checked_.inputs[j], first, n, buffers_[j]);
  }
  values_.got = load(checked_.got, first, n, buffers_.back());
  const bool copied = values_.got == buffers_.back().data();
  const bool any = !copied && next >= 0 && next + n <= checked_.got.size();
  values_.ahead = any ? next - first : 0;
}

const void* Worker::load(const Tensor& tensor, std::int64_t first,
                         std::int64_t n, Block& buffer) const {
  if (checked_.floats) {
    return tensor.bytes().data() + first * std::int64_t{sizeof(float)};
  }
  return load_block(tensor, first, n, buffer.data());
}

// Decides every value of a measured block: it passes, fails or is judged.
void Worker::judge_block(ChannelForms& forms, std::int64_t first,
                         std::int64_t n) {
  fill_tolerances(forms, n, 1, 0, tol_at_one_);
  fill_tolerances(forms, n, checked_.limit, -kFastCheckSlack, tol_low_);
  fill_tolerances(forms, n, checked_.limit, kFastCheckSlack, tol_high_);
  resolve_worst(forms, first, n);
  fill_bound_tolerances(forms, n);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (resolved_[at]) continue;
    const ErrorBounds& b = bounds_[at];
    const bool fails = surely_fails(b, tol_high_[at]);
    const bool decided = fails || surely_passes(b, tol_low_[at]);
    const double no_worse = fails ? fail_tol_[at] : pass_tol_[at];
    if (decided && !findings_.may_be_worst(b, no_worse)) {
      if (fails) add_failed(first + i);
      continue;
    }
    if (is_repeated_nan(first + i)) {
      add_failed(first + i);
      continue;
    }
    const PassBound before = pass_bound();
    const double failed_before = fail_eta();
    resolve(forms, first, i, Sizes::exact);
    if (pass_bound() != before || fail_eta() != failed_before) {
      fill_bound_tolerances(forms, n);
    }
  }
}

// A value that fails is no worse than one that is an ulp away or more and has a
// larger eta.
double Worker::fail_eta() const {
  return std::min(findings_.eta_of_unfaithful.get(), kMostEta);
}

void Worker::fill_bound_tolerances(ChannelForms& forms, std::int64_t n) {
  fill_tolerances(forms, n, pass_bound().eta, -kFastCheckSlack, pass_tol_);
  fill_tolerances(forms, n, fail_eta(), -kFastCheckSlack, fail_tol_);
}

void Worker::fill_tolerances(ChannelForms& forms, std::int64_t n, double eta,
                             double slack, Block& to) {
  forms.set_tolerance(eta, slack);
  exactbn::fill_tolerances(forms.forms(), values_, n, to.data());
}

std::array<double, CheckForms::kMost> Worker::inputs_at(std::int64_t i) const {
  std::array<double, CheckForms::kMost> in{};
  for (std::size_t j = 0; j < checked_.inputs.size(); ++j) {
    in[j] = value(values_.in[j], i);
  }
  return in;
}

double Worker::value(const void* values, std::int64_t i) const {
  return checked_.floats
             ? static_cast<double>(static_cast<const float*>(values)[i])
             : static_cast<const double*>(values)[i];
}

// Resolving the worst values first raises the maxima for all others.
void Worker::resolve_worst(ChannelForms& forms, std::int64_t first,
                           std::int64_t n) {
  double max_ulps = -1;
  double max_eta = -1;
  std::int64_t of_ulps = -1;
  std::int64_t of_eta = -1;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const ErrorBounds& b = bounds_[at];
    const double ulps = b.high / b.ulp_low;
    const double eta = (b.high - 0.5 * b.ulp_low) / tol_at_one_[at];
    if (ulps > max_ulps) {
      max_ulps = ulps;
      of_ulps = i;
    }
    if (eta > max_eta) {
      max_eta = eta;
      of_eta = i;
    }
  }
  for (const std::int64_t i : {of_ulps, of_eta}) {
    if (i >= 0) resolve(forms, first, i, Sizes::exact);
  }
}

bool Worker::surely_passes(const ErrorBounds& b, double tolerance) const {
  if (!by_eta()) return b.high < passing_ulps() * b.ulp_low;
  return b.high <= 0.5 * b.ulp_low + tolerance || b.high < b.ulp_low;
}

bool Worker::surely_fails(const ErrorBounds& b, double tolerance) const {
  if (checked_.required == Grade::correct) return b.low > 0.5 * b.ulp_high;
  if (checked_.required == Grade::faithful) return b.low >= b.ulp_high;
  return b.low > 0.5 * b.ulp_high + tolerance && b.low >= b.ulp_high;
}

void Worker::add_failed(std::int64_t i) {
  const std::int64_t channel = checked_.view.channel(i);
  exactbn::add_failed(verdict_, 1, channel);
  findings_.add_failed_in(channel);
}

// A frozen x may be NaN or infinite, and then so may the right value.
bool Worker::has_finite_inputs(std::int64_t i) const {
  return std::all_of(checked_.inputs.begin(), checked_.inputs.end(),
                     [i](const Tensor* t) { return t->finite(i); });
}

// Whether a NaN certainly fails and is no worse than an earlier value: nothing
// is worse than NaN, and the first one is reported.
bool Worker::is_repeated_nan(std::int64_t i) const {
  return is_nan(checked_.got.bits(i), checked_.got.dtype()) &&
         format(checked_.got.dtype()).infinities &&
         std::isinf(verdict_.worst.judgement.eta) &&
         std::isinf(verdict_.worst.judgement.ulp) &&
         verdict_.worst.judgement.grade == Grade::unstable &&
         verdict_.worst.index < i && has_finite_inputs(i);
}

void Worker::judge(std::int64_t i) {
  CachedJudgement now;
  now.channel = checked_.view.channel(i);
  std::uint64_t hash = static_cast<std::uint64_t>(now.channel);
  for (std::size_t j = 0; j < checked_.inputs.size(); ++j) {
    now.in[j] = checked_.inputs[j]->bits(i);
    hash = (hash ^ now.in[j]) * 0x9e3779b97f4a7c15;
  }
  now.got = checked_.got.bits(i);
  hash = (hash ^ now.got) * 0x9e3779b97f4a7c15;
  CachedJudgement& cached = cache_[hash >> 58];
  if (cached.channel != now.channel || cached.in != now.in ||
      cached.got != now.got) {
    ++counts_.by_integers;
    now.judgement = checked_.judge_exactly(i);
    cached = now;
  }
  const Finding finding{i, now.got, cached.judgement};
  const std::int64_t failed = verdict_.failed_values;
  add(verdict_, finding, checked_.required, now.channel);
  if (verdict_.failed_values != failed) findings_.add_failed_in(now.channel);
  findings_.ulp.raise(verdict_.max_ulp);
  findings_.eta.raise(verdict_.max_eta);
  if (verdict_.worst.judgement.grade >= Grade::stable) {
    findings_.eta_of_unfaithful.raise(verdict_.worst.judgement.eta);
  }
}

}  // namespace exactbn
