// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/worker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

// What tolerances and their sums are rounded by, at most (bounds.md).
constexpr double kFastCheckSlack = 0x1p-20;
// eta beyond which no value is told from another.
constexpr double kMostEta = 0x1p40;
// After so many blocks for which a test does not do, more are expected.
constexpr int kMisses = 4;
// Between these an eta is told by a tolerance that is nearly linear in it.
constexpr double kLeastEta = 0x1p-40;
constexpr double kReach = 0x1p12;
// For what takes a few roundings.
constexpr double kRoundedDown = 1 - 0x1p-50;
constexpr double kRoundedUp = 1 + 0x1p-50;

}  // namespace

Worker::Worker(const CheckedOutput& of, Findings& all)
    : of_(of),
      all_(all),
      found_(empty_verdict(of.problem, of.judge, of.output, of.got.dtype(),
                           of.required)) {}

Worker::~Worker() {
  drop_candidates();
  all_.add(found_, counts_, candidates_);
}

void Worker::judge(const std::vector<Candidate>& candidates) {
  for (const Candidate& c : candidates) {
    if (all_.may_be_worst(c)) judge(c.index);
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
  const DType dtype = of_.got.dtype();
  const PassBound bound = pass_bound();
  const bool easy = all_.misses < kMisses;
  if (easy) {
    if (all_near(forms.forms(), values_, n, dtype, bound.ulps)) return;
    measure_all(forms, n);
    if (judge_few(forms, first, n)) return;
    ++all_.misses;
  }
  if (all_pass(forms, n, bound)) return;
  if (!easy) measure_all(forms, n);
  judge_block(forms, first, n);
}

// The ulp below which, by the required grade, a value passes.
double Worker::passing_ulps() const {
  constexpr double below = 1 - 0x1p-30;
  if (of_.required == Grade::correct) return below / 2;
  if (of_.required == Grade::faithful) return below;
  return std::numeric_limits<double>::infinity();
}

PassBound Worker::pass_bound() const {
  PassBound bound = all_.pass_bound();
  bound.ulps = std::min(bound.ulps, passing_ulps());
  bound.eta = std::min(bound.eta, kMostEta);
  return bound;
}

// With the least sizes first, of a screen's forms: most values pass these.
bool Worker::all_pass(ChannelForms& forms, std::int64_t n,
                      const PassBound& bound) {
  const DType dtype = of_.got.dtype();
  const bool try_least = forms.estimated() && all_.least_misses < kMisses;
  if (try_least) {
    forms.set_tolerance(bound.eta, -kFastCheckSlack, Sizes::least);
    if (all_quiet(forms.forms(), values_, n, dtype, bound.ulps)) return true;
  }
  forms.set_tolerance(bound.eta, -kFastCheckSlack);
  if (!all_quiet(forms.forms(), values_, n, dtype, bound.ulps)) return false;
  if (try_least) ++all_.least_misses;
  return true;
}

void Worker::measure_all(const ChannelForms& forms, std::int64_t n) {
  measure(forms.forms(), values_, n, of_.got.dtype(), bounds_.data());
  std::fill_n(resolved_.begin(), n, false);
}

// Of a measured block, where few values are not surely within half an ulp:
// these are judged, or wait for the end as candidates, and so do the others
// that may be the worst. The others pass, and no tolerance is needed: their
// eta is 0.
bool Worker::judge_few(const ChannelForms& forms, std::int64_t first,
                       std::int64_t n) {
  constexpr std::size_t kFew = 16;
  std::array<std::int64_t, kFew> few{};
  std::size_t count = 0;
  double least = 0;  // that the worst of the block is surely off by, in ulp
  for (std::int64_t i = 0; i < n; ++i) {
    const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
    if (b.high <= 0.5 * b.ulp_low) {
      least = std::max(least, b.low / b.ulp_high);
    } else {
      if (count == kFew) return false;
      few[count++] = i;
    }
  }
  all_.ulp.raise(least * kRoundedDown);
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

// Judges a value, unless it can wait.
void Worker::resolve(const ChannelForms& forms, std::int64_t first,
                     std::int64_t i, Sizes sizes) {
  bool& resolved = resolved_[static_cast<std::size_t>(i)];
  if (resolved) return;
  resolved = true;
  const bool waits = forms.estimated() && can_wait(forms, first, i, sizes);
  if (!waits) judge(first + i);
}

// Whether a measured value surely passes, and can wait for the end as a
// candidate: what it is surely off by, at least, tells others to wait for
// nothing. Exact sizes, or the least and greatest.
bool Worker::can_wait(const ChannelForms& forms, std::int64_t first,
                      std::int64_t i, Sizes sizes) {
  const auto tolerance = [&, in = inputs_at(i)](double eta, double slack,
                                                Sizes with) {
    return forms.tolerance(i, in, eta, slack, with);
  };
  const bool exact = sizes == Sizes::exact;
  const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
  if (!surely_passes(b, tolerance(of_.limit, -kFastCheckSlack, sizes))) {
    return false;
  }
  const double most_off = b.high - 0.5 * b.ulp_low;
  const double per_eta =
      tolerance(kLeastEta, -kFastCheckSlack, sizes) / kLeastEta;
  const double most_eta =
      most_off > 0 ? std::max(most_off / per_eta * kRoundedUp, kLeastEta) : 0;
  // The tolerance is convex in eta.
  const double reach = tolerance(kReach, kFastCheckSlack,
                                 exact ? Sizes::exact : Sizes::greatest);
  const double least_off = b.low - 0.5 * b.ulp_high;
  const bool within = least_off > 0 && least_off <= reach;
  const double least_eta =
      within ? kReach * (least_off / reach) * kRoundedDown : 0;
  // Of an exact 0 there is no ulp.
  if (b.ulp_low > of_.quantum) {
    const double least_ulps = b.low / b.ulp_high * kRoundedDown;
    all_.ulp.raise(least_ulps);
    all_.eta.raise(least_eta);
    if (least_ulps >= 1) all_.eta_of_wrong.raise(least_eta);
  }
  keep_candidate({first + i, b.high / b.ulp_low * kRoundedUp, most_eta});
  return true;
}

void Worker::keep_candidate(const Candidate& candidate) {
  constexpr std::size_t kMost = 4096;
  if (!all_.may_be_worst(candidate)) return;
  candidates_.push_back(candidate);
  if (candidates_.size() < kMost) return;
  // So many: of values that repeat, say. The judge raises the records.
  drop_candidates();
  if (candidates_.size() < kMost / 2) return;
  judge(candidates_);
  candidates_.clear();
}

void Worker::drop_candidates() {
  std::erase_if(candidates_,
                [this](const Candidate& c) { return !all_.may_be_worst(c); });
}

void Worker::load(std::int64_t first, std::int64_t n, std::int64_t next) {
  values_.floats = of_.floats;
  for (std::size_t j = 0; j < of_.inputs.size(); ++j) {
    values_.in[j] = load(*of_.inputs[j], first, n, buffers_[j]);
  }
  values_.got = load(of_.got, first, n, buffers_.back());
  const bool copied = values_.got == buffers_.back().data();
  const bool any = !copied && next >= 0 && next + n <= of_.got.size();
  values_.ahead = any ? next - first : 0;
}

const void* Worker::load(const Tensor& tensor, std::int64_t first,
                         std::int64_t n, Block& buffer) const {
  if (of_.floats) {
    return tensor.bytes().data() + first * std::int64_t{sizeof(float)};
  }
  return load_block(tensor, first, n, buffer.data());
}

// Of every value of a block: passes, fails, or is judged.
void Worker::judge_block(ChannelForms& forms, std::int64_t first,
                         std::int64_t n) {
  fill_tolerances(forms, n, 1, 0, unit_);
  fill_tolerances(forms, n, of_.limit, -kFastCheckSlack, sure_);
  fill_tolerances(forms, n, of_.limit, kFastCheckSlack, most_);
  resolve_worst(forms, first, n);
  fill_tolerances(forms, n, pass_bound().eta, -kFastCheckSlack, pass_tol_);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (resolved_[at]) continue;
    const ErrorBounds& b = bounds_[at];
    const bool fails = surely_fails(b, most_[at]);
    const bool decided = fails || surely_passes(b, sure_[at]);
    if (decided && !all_.may_be_worst(b, pass_tol_[at])) {
      if (fails) add_failed(found_, 1, of_.view.channel(first + i));
      continue;
    }
    if (is_another_nan(first + i)) {
      add_failed(found_, 1, of_.view.channel(first + i));
      continue;
    }
    const PassBound before = pass_bound();
    resolve(forms, first, i, Sizes::exact);
    if (pass_bound() != before) {
      fill_tolerances(forms, n, pass_bound().eta, -kFastCheckSlack, pass_tol_);
    }
  }
}

void Worker::fill_tolerances(ChannelForms& forms, std::int64_t n, double eta,
                             double slack, Block& to) {
  forms.set_tolerance(eta, slack);
  exactbn::fill_tolerances(forms.forms(), values_, n, to.data());
}

std::array<double, CheckForms::kMost> Worker::inputs_at(std::int64_t i) const {
  std::array<double, CheckForms::kMost> in{};
  for (std::size_t j = 0; j < of_.inputs.size(); ++j) {
    in[j] = value(values_.in[j], i);
  }
  return in;
}

double Worker::value(const void* values, std::int64_t i) const {
  return of_.floats ? static_cast<double>(static_cast<const float*>(values)[i])
                    : static_cast<const double*>(values)[i];
}

// So that the records are high before the others are measured by them.
void Worker::resolve_worst(const ChannelForms& forms, std::int64_t first,
                           std::int64_t n) {
  double most_ulps = -1;
  double most_eta = -1;
  std::int64_t of_ulps = -1;
  std::int64_t of_eta = -1;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const ErrorBounds& b = bounds_[at];
    const double ulps = b.high / b.ulp_low;
    const double eta = (b.high - 0.5 * b.ulp_low) / unit_[at];
    if (ulps > most_ulps) {
      most_ulps = ulps;
      of_ulps = i;
    }
    if (eta > most_eta) {
      most_eta = eta;
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
  if (of_.required == Grade::correct) return b.low > 0.5 * b.ulp_high;
  if (of_.required == Grade::faithful) return b.low >= b.ulp_high;
  return b.low > 0.5 * b.ulp_high + tolerance && b.low >= b.ulp_high;
}

// A frozen x may be no number, and the right value then none either.
bool Worker::has_finite_inputs(std::int64_t i) const {
  return std::all_of(of_.inputs.begin(), of_.inputs.end(),
                     [i](const Tensor* t) { return t->finite(i); });
}

// NaN is as bad as can be, and fails for sure: but the first is to be named.
bool Worker::is_another_nan(std::int64_t i) const {
  return is_nan(of_.got.bits(i), of_.got.dtype()) &&
         format(of_.got.dtype()).infinities &&
         std::isinf(found_.worst.judgement.eta) &&
         std::isinf(found_.worst.judgement.ulp) &&
         found_.worst.judgement.grade == Grade::unstable &&
         found_.worst.index < i && has_finite_inputs(i);
}

void Worker::judge(std::int64_t i) {
  Known now;
  now.channel = of_.view.channel(i);
  std::uint64_t hash = static_cast<std::uint64_t>(now.channel);
  for (std::size_t j = 0; j < of_.inputs.size(); ++j) {
    now.in[j] = of_.inputs[j]->bits(i);
    hash = (hash ^ now.in[j]) * 0x9e3779b97f4a7c15;
  }
  now.got = of_.got.bits(i);
  hash = (hash ^ now.got) * 0x9e3779b97f4a7c15;
  Known& known = known_[hash >> 58];
  if (known.channel != now.channel || known.in != now.in ||
      known.got != now.got) {
    ++counts_.by_integers;
    now.judgement = of_.judge_exactly(i);
    known = now;
  }
  const Finding finding{i, now.got, known.judgement};
  add(found_, finding, of_.required, now.channel);
  all_.ulp.raise(found_.max_ulp);
  all_.eta.raise(found_.max_eta);
  if (found_.worst.judgement.grade >= Grade::stable) {
    all_.eta_of_wrong.raise(found_.worst.judgement.eta);
  }
}

}  // namespace exactbn
