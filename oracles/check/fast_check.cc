// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/fast_check.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "oracles/check/channel_forms.h"
#include "reference/parallel_for.h"
#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

constexpr std::int64_t kBlock = 2048;
constexpr std::int64_t kLine = 16;
// Below so many values a channel, its coefficients cost more than they save.
constexpr std::int64_t kFewValues = 32;
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

// What one thread finds of some channels.
class FastCheck::Worker {
 public:
  explicit Worker(FastCheck& check)
      : check_(check),
        found_(empty_verdict(check.problem_, check.judge_, check.output_,
                             check.got_.dtype(), check.required_)) {}

  ~Worker() {
    drop();
#pragma omp critical(exactbn_fast_check)
    {
      merge(check_.verdict_, found_);
      check_.counts_.values += counts_.values;
      check_.counts_.by_integers += counts_.by_integers;
      auto& all = check_.contenders_;
      all.insert(all.end(), contenders_.begin(), contenders_.end());
    }
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Of those that may yet be the worst.
  void judge(const std::vector<Contender>& contenders) {
    for (const Contender& c : contenders) {
      if (check_.may_be_the_worst(c)) judge(c.index);
    }
  }

  // The values [first, first + n), by the judge alone.
  void judge_all(std::int64_t first, std::int64_t n) {
    counts_.values += n;
    for (std::int64_t i = first; i < first + n; ++i) judge(i);
  }

  // The values [first, first + n), at most kBlock: rows of the channels of the
  // tests. As many from `next` on come after them.
  void check(ChannelForms& tests, std::int64_t first, std::int64_t n,
             std::int64_t next) {
    counts_.values += n;
    load(first, n, next);
    const DType dtype = check_.got_.dtype();
    const Quiet quiet = quiet_now();
    const bool easy = check_.misses_ < kMisses;
    if (easy) {
      if (all_near(tests.forms(), values_, n, dtype, quiet.ulps)) return;
      measure_all(tests, n);
      if (judge_few(tests, first, n)) return;
      ++check_.misses_;
    }
    if (is_quiet(tests, n, quiet)) return;
    if (!easy) measure_all(tests, n);
    listen(tests, first, n);
  }

 private:
  using Block = std::array<double, kBlock>;

  // A judged value, to be known again where inputs repeat.
  struct Known {
    std::int64_t channel = -1;
    std::array<std::uint64_t, CheckForms::kMost> in{};
    std::uint64_t got = 0;
    Judgement judgement;
  };

  // The ulp below which, by the required grade, a value passes.
  double passing_ulps() const {
    constexpr double below = 1 - 0x1p-30;
    if (check_.required_ == Grade::correct) return below / 2;
    if (check_.required_ == Grade::faithful) return below;
    return std::numeric_limits<double>::infinity();
  }

  bool by_eta() const { return check_.required_ >= Grade::stable; }

  Quiet quiet_now() const {
    Quiet quiet = check_.record();
    quiet.ulps = std::min(quiet.ulps, passing_ulps());
    quiet.eta = std::min(quiet.eta, kMostEta);
    return quiet;
  }

  // With the least sizes first, of a screen's forms: most values pass these.
  bool is_quiet(ChannelForms& tests, std::int64_t n, const Quiet& quiet) {
    const DType dtype = check_.got_.dtype();
    const bool try_least =
        tests.estimated() && check_.misses_of_least_ < kMisses;
    if (try_least) {
      tests.set_tolerance(quiet.eta, -kFastCheckSlack, Sizes::least);
      if (all_quiet(tests.forms(), values_, n, dtype, quiet.ulps)) return true;
    }
    tests.set_tolerance(quiet.eta, -kFastCheckSlack);
    if (!all_quiet(tests.forms(), values_, n, dtype, quiet.ulps)) return false;
    if (try_least) ++check_.misses_of_least_;
    return true;
  }

  void measure_all(const ChannelForms& tests, std::int64_t n) {
    measure(tests.forms(), values_, n, check_.got_.dtype(), bounds_.data());
    std::fill_n(settled_.begin(), n, false);
  }

  // Of a measured block, where few values are not surely within half an ulp:
  // these are judged, or wait for the end as contenders, and so do the others
  // that may be the worst. The others pass, and no tolerance is needed: their
  // eta is 0.
  bool judge_few(const ChannelForms& tests, std::int64_t first,
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
    check_.ulp_.raise(least * kRoundedDown);
    const double ulps = quiet_now().ulps;
    for (std::int64_t i = 0; i < n; ++i) {
      const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
      if (b.high <= ulps * b.ulp_low || b.high > 0.5 * b.ulp_low) continue;
      contend({first + i, b.high / b.ulp_low * kRoundedUp, 0});
    }
    for (std::size_t j = 0; j < count; ++j) {
      settle(tests, first, few[j], Sizes::least);
    }
    return true;
  }

  // Judges a value, unless it can wait.
  void settle(const ChannelForms& tests, std::int64_t first, std::int64_t i,
              Sizes sizes) {
    bool& settled = settled_[static_cast<std::size_t>(i)];
    if (settled) return;
    settled = true;
    const bool waits = tests.estimated() && wait(tests, first, i, sizes);
    if (!waits) judge(first + i);
  }

  // Whether a measured value surely passes, and can wait for the end as a
  // contender: what it is surely off by, at least, tells others to wait for
  // nothing. Exact sizes, or the least and greatest.
  bool wait(const ChannelForms& tests, std::int64_t first, std::int64_t i,
            Sizes sizes) {
    const auto tolerance = [&, in = inputs_at(i)](double eta, double slack,
                                                  Sizes with) {
      return tests.tolerance(i, in, eta, slack, with);
    };
    const bool exact = sizes == Sizes::exact;
    const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
    if (!surely_passes(b, tolerance(check_.limit_, -kFastCheckSlack, sizes))) {
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
    if (b.ulp_low > check_.quantum_) {
      const double least_ulps = b.low / b.ulp_high * kRoundedDown;
      check_.ulp_.raise(least_ulps);
      check_.eta_.raise(least_eta);
      if (least_ulps >= 1) check_.eta_of_wrong_.raise(least_eta);
    }
    contend({first + i, b.high / b.ulp_low * kRoundedUp, most_eta});
    return true;
  }

  void contend(const Contender& contender) {
    constexpr std::size_t kMost = 4096;
    if (!check_.may_be_the_worst(contender)) return;
    contenders_.push_back(contender);
    if (contenders_.size() < kMost) return;
    // So many: of values that repeat, say. The judge raises the records.
    drop();
    if (contenders_.size() < kMost / 2) return;
    judge(contenders_);
    contenders_.clear();
  }

  void drop() {
    std::erase_if(contenders_, [this](const Contender& c) {
      return !check_.may_be_the_worst(c);
    });
  }

  void load(std::int64_t first, std::int64_t n, std::int64_t next) {
    values_.floats = check_.floats_;
    for (std::size_t j = 0; j < check_.inputs_.size(); ++j) {
      values_.in[j] = load(*check_.inputs_[j], first, n, buffers_[j]);
    }
    values_.got = load(check_.got_, first, n, buffers_.back());
    const bool copied = values_.got == buffers_.back().data();
    const bool any = !copied && next >= 0 && next + n <= check_.got_.size();
    values_.ahead = any ? next - first : 0;
  }

  const void* load(const Tensor& tensor, std::int64_t first, std::int64_t n,
                   Block& buffer) const {
    if (check_.floats_) {
      return tensor.bytes().data() + first * std::int64_t{sizeof(float)};
    }
    return load_block(tensor, first, n, buffer.data());
  }

  // Of every value of a block: passes, fails, or is judged.
  void listen(ChannelForms& tests, std::int64_t first, std::int64_t n) {
    fill_tolerances(tests, n, 1, 0, unit_);
    fill_tolerances(tests, n, check_.limit_, -kFastCheckSlack, sure_);
    fill_tolerances(tests, n, check_.limit_, kFastCheckSlack, most_);
    settle_the_worst(tests, first, n);
    fill_tolerances(tests, n, quiet_now().eta, -kFastCheckSlack, quiet_tol_);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (settled_[at]) continue;
      const ErrorBounds& b = bounds_[at];
      const bool fails = surely_fails(b, most_[at]);
      const bool decided = fails || surely_passes(b, sure_[at]);
      if (decided && !may_be_the_worst(b, quiet_tol_[at])) {
        if (fails) add_failed(found_, 1, check_.view_.channel(first + i));
        continue;
      }
      if (is_another_nan(first + i)) {
        add_failed(found_, 1, check_.view_.channel(first + i));
        continue;
      }
      const Quiet before = quiet_now();
      settle(tests, first, i, Sizes::exact);
      if (quiet_now() != before) {
        fill_tolerances(tests, n, quiet_now().eta, -kFastCheckSlack,
                        quiet_tol_);
      }
    }
  }

  void fill_tolerances(ChannelForms& tests, std::int64_t n, double eta,
                       double slack, Block& to) {
    tests.set_tolerance(eta, slack);
    exactbn::fill_tolerances(tests.forms(), values_, n, to.data());
  }

  std::array<double, CheckForms::kMost> inputs_at(std::int64_t i) const {
    std::array<double, CheckForms::kMost> in{};
    for (std::size_t j = 0; j < check_.inputs_.size(); ++j) {
      in[j] = value(values_.in[j], i);
    }
    return in;
  }

  double value(const void* values, std::int64_t i) const {
    return check_.floats_
               ? static_cast<double>(static_cast<const float*>(values)[i])
               : static_cast<const double*>(values)[i];
  }

  // So that the records are high before the others are measured by them.
  void settle_the_worst(const ChannelForms& tests, std::int64_t first,
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
      if (i >= 0) settle(tests, first, i, Sizes::exact);
    }
  }

  bool surely_passes(const ErrorBounds& b, double tolerance) const {
    if (!by_eta()) return b.high < passing_ulps() * b.ulp_low;
    return b.high <= 0.5 * b.ulp_low + tolerance || b.high < b.ulp_low;
  }

  bool surely_fails(const ErrorBounds& b, double tolerance) const {
    if (check_.required_ == Grade::correct) return b.low > 0.5 * b.ulp_high;
    if (check_.required_ == Grade::faithful) return b.low >= b.ulp_high;
    return b.low > 0.5 * b.ulp_high + tolerance && b.low >= b.ulp_high;
  }

  // `tolerance` is that of the record.
  bool may_be_the_worst(const ErrorBounds& b, double tolerance) const {
    return !(b.high <= check_.ulp_.get() * b.ulp_low &&
             b.high <= 0.5 * b.ulp_low + tolerance);
  }

  // A frozen x may be no number, and the right value then none either.
  bool has_finite_inputs(std::int64_t i) const {
    return std::all_of(check_.inputs_.begin(), check_.inputs_.end(),
                       [i](const Tensor* t) { return t->finite(i); });
  }

  // NaN is as bad as can be, and fails for sure: but the first is to be named.
  bool is_another_nan(std::int64_t i) const {
    return is_nan(check_.got_.bits(i), check_.got_.dtype()) &&
           format(check_.got_.dtype()).infinities &&
           std::isinf(found_.worst.judgement.eta) &&
           std::isinf(found_.worst.judgement.ulp) &&
           found_.worst.judgement.grade == Grade::unstable &&
           found_.worst.index < i && has_finite_inputs(i);
  }

  void judge(std::int64_t i) {
    Known now;
    now.channel = check_.view_.channel(i);
    std::uint64_t hash = static_cast<std::uint64_t>(now.channel);
    for (std::size_t j = 0; j < check_.inputs_.size(); ++j) {
      now.in[j] = check_.inputs_[j]->bits(i);
      hash = (hash ^ now.in[j]) * 0x9e3779b97f4a7c15;
    }
    now.got = check_.got_.bits(i);
    hash = (hash ^ now.got) * 0x9e3779b97f4a7c15;
    Known& known = known_[hash >> 58];
    if (known.channel != now.channel || known.in != now.in ||
        known.got != now.got) {
      ++counts_.by_integers;
      now.judgement = check_.judge_exactly(i, now.got);
      known = now;
    }
    const Finding finding{i, now.got, known.judgement};
    add(found_, finding, check_.required_, now.channel);
    check_.ulp_.raise(found_.max_ulp);
    check_.eta_.raise(found_.max_eta);
    if (found_.worst.judgement.grade >= Grade::stable) {
      check_.eta_of_wrong_.raise(found_.worst.judgement.eta);
    }
  }

  FastCheck& check_;
  OutputVerdict found_;
  CheckCounts counts_;
  std::vector<Contender> contenders_;
  CheckValues values_;
  std::array<Block, CheckForms::kMost + 1> buffers_;
  std::array<ErrorBounds, kBlock> bounds_;
  Block unit_;
  Block sure_;
  Block most_;
  Block quiet_tol_;
  std::array<bool, kBlock> settled_;
  std::array<Known, 64> known_;
};

namespace {

// x before all others, where it is one of them.
InputNames x_first(const InputNames& inputs) {
  InputNames names;
  if (inputs.contains(Input::x)) names.push_back(Input::x);
  for (const Input input : inputs) {
    if (input != Input::x) names.push_back(input);
  }
  return names;
}

}  // namespace

FastCheck::FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
                     Output output, const Tensor& got, Grade required,
                     Filter filter)
    : problem_(problem),
      judge_(judge),
      screen_(screen),
      output_(output),
      got_(got),
      required_(required),
      filter_(filter),
      view_(problem.view()),
      names_(x_first(form_inputs(problem.operation, output))),
      limit_(judge.limit(output, required)),
      quantum_(std::ldexp(1.0, format(got.dtype()).quantum())),
      floats_(got.dtype() == DType::f32),
      verdict_(empty_verdict(problem, judge, output, got.dtype(), required)) {
  for (const Input name : names_) {
    inputs_.push_back(problem.find(name));
    floats_ = floats_ && inputs_.back()->dtype() == DType::f32;
  }
}

FastCheck::Quiet FastCheck::record() const {
  const double ulps = ulp_.get();
  const double wrong = eta_of_wrong_.get();
  // Where a value is an ulp away or more, the worst is one of these, which fail
  // beyond the limit.
  if (ulps < 1 && wrong == 0) return {ulps, eta_.get()};
  return {ulps, required_ >= Grade::stable ? std::min(wrong, limit_) : wrong};
}

bool FastCheck::may_be_the_worst(const Contender& c) const {
  const Quiet worst = record();
  return c.most_ulps >= worst.ulps ||
         (c.most_eta > 0 && c.most_eta >= worst.eta);
}

// Exact sums are dear: those of the channels that have the worst contenders are
// taken first, one a thread, and may leave no others.
const OutputVerdict& FastCheck::finish() {
  std::vector<Contender> left;
  left.swap(contenders_);
  const auto by_index = [](const Contender& a, const Contender& b) {
    return a.index < b.index;
  };
  const auto by_ulps = [](const Contender& a, const Contender& b) {
    return a.most_ulps < b.most_ulps;
  };
  const auto by_eta = [](const Contender& a, const Contender& b) {
    return a.most_eta < b.most_eta;
  };
  // In order: of values that are equally bad the first counts.
  std::sort(left.begin(), left.end(), by_index);
  for (;;) {
    std::erase_if(left,
                  [&](const Contender& c) { return !may_be_the_worst(c); });
    if (left.empty()) return verdict_;
    std::vector<std::int64_t> channels;
    const auto add = [&](const Contender& c) {
      const std::int64_t channel = view_.channel(c.index);
      const auto place = std::find(channels.begin(), channels.end(), channel);
      if (place == channels.end()) channels.push_back(channel);
    };
    add(*std::max_element(left.begin(), left.end(), by_eta));
    add(*std::max_element(left.begin(), left.end(), by_ulps));
    const auto threads = static_cast<std::size_t>(omp_get_max_threads());
    for (const Contender& c : left) {
      if (channels.size() < threads) add(c);
    }
    if (screen_) {
      parallel_for(std::ssize(channels), channels.size() > 1,
                   [&](std::int64_t i) {
                     screen_->open(channels[static_cast<std::size_t>(i)]);
                   });
    }
    std::vector<Contender> now;
    std::erase_if(left, [&](const Contender& c) {
      const auto end = channels.end();
      const bool open =
          std::find(channels.begin(), end, view_.channel(c.index)) != end;
      if (open) now.push_back(c);
      return open;
    });
    Worker(*this).judge(now);
  }
}

Judgement FastCheck::judge_exactly(std::int64_t i, std::uint64_t got) {
  return screen_ ? screen_->judge_exactly(output_, i, got, got_.dtype())
                 : judge_(output_, i, got, got_.dtype());
}

const Judge& FastCheck::exact(std::int64_t channel) {
  return screen_ ? screen_->exact(channel) : judge_;
}

FastCheck::Way FastCheck::way(std::int64_t channel) {
  if (filter_ == Filter::off || view_.count() < kFewValues) {
    return Way::integers;
  }
  if (screen_ && screen_->is_bounded(output_, channel)) return Way::screen;
  return exact(channel).is_bounded(output_, channel) ? Way::exact_sums
                                                     : Way::integers;
}

std::optional<ChannelForms> FastCheck::tests(const Channels& channels,
                                             Way way) {
  if (way == Way::integers) return {};
  return ChannelForms(judge_, way == Way::screen ? screen_ : nullptr, output_,
                      names_, got_.dtype(), channels);
}

void FastCheck::check(const Channels& channels) {
  if (view_.inner > 1) {
    for (std::int64_t i = 0; i < channels.count; ++i) {
      check_along(channels.first + i);
    }
    return;
  }
  // Neighbours in memory are of different channels: as many at once as go the
  // same way.
  const std::int64_t end = channels.first + channels.count;
  for (std::int64_t c = channels.first; c < end;) {
    const Way same = way(c);
    std::int64_t next = c + 1;
    while (next < end && next - c < kBlock && way(next) == same) ++next;
    check_across({c, next - c}, same);
    c = next;
  }
}

template <class CheckBlock>
void FastCheck::share(const Channels& channels, Way way, std::int64_t blocks,
                      const CheckBlock& check_block) {
  std::optional<ChannelForms> tests = this->tests(channels, way);
  const bool worth = view_.count() * channels.count > kParallel;
  if (!worth || omp_in_parallel() != 0) {
    Worker worker(*this);
    for (std::int64_t b = 0; b < blocks; ++b) check_block(b, tests, worker);
    return;
  }
  const std::int64_t chunk = std::clamp<std::int64_t>(blocks / 32, 1, 64);
#pragma omp parallel
  {
    Worker worker(*this);
    std::optional<ChannelForms> own = tests;
#pragma omp for schedule(dynamic, chunk)
    for (std::int64_t b = 0; b < blocks; ++b) check_block(b, own, worker);
  }
}

void FastCheck::check_along(std::int64_t channel) {
  // Blocks of one size, so that what each asks of the memory is the next.
  const std::int64_t least = (view_.inner + kBlock - 1) / kBlock;
  const std::int64_t even = (view_.inner + least - 1) / least;
  const std::int64_t size = (even + kLine - 1) / kLine * kLine;
  const std::int64_t of_run = (view_.inner + size - 1) / size;
  const auto check_block =
      [&](std::int64_t b, std::optional<ChannelForms>& tests, Worker& worker) {
        const std::int64_t n = b / of_run;
        const std::int64_t run = (n * view_.channels + channel) * view_.inner;
        const std::int64_t from = b % of_run * size;
        const std::int64_t count = std::min(size, view_.inner - from);
        if (!tests) return worker.judge_all(run + from, count);
        const bool last = from + count == view_.inner;
        const std::int64_t next =
            run + (last ? view_.channels * view_.inner : from + count);
        worker.check(*tests, run + from, count, next);
      };
  share({channel, 1}, way(channel), view_.outer * of_run, check_block);
}

void FastCheck::check_across(const Channels& channels, Way way) {
  // Rows of all channels follow one another.
  const std::int64_t most =
      channels.count == view_.channels ? kBlock / channels.count : 1;
  const std::int64_t blocks = (view_.outer + most - 1) / most;
  const auto check_block =
      [&](std::int64_t b, std::optional<ChannelForms>& tests, Worker& worker) {
        // From the end, which the cache may still hold of the sums.
        const std::int64_t n = (blocks - 1 - b) * most;
        const std::int64_t rows = std::min(most, view_.outer - n);
        const std::int64_t first = n * view_.channels + channels.first;
        if (tests) {
          return worker.check(*tests, first, rows * channels.count,
                              first - most * view_.channels);
        }
        for (std::int64_t r = 0; r < rows; ++r) {
          worker.judge_all(first + r * view_.channels, channels.count);
        }
      };
  share(channels, way, blocks, check_block);
}

}  // namespace exactbn
