// SPDX-License-Identifier: Apache-2.0
#include "oracles/fast_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "oracles/channel_tests.h"
#include "reference/block_io.h"

namespace exactbn {

namespace {

constexpr std::int64_t kBlock = 2048;
constexpr std::int64_t kLine = 16;
// Below so many values a channel, its coefficients cost more than they save.
constexpr std::int64_t kFewValues = 32;
// What tolerances and their sums are rounded by, at most (bounds.md).
constexpr double kSlack = 0x1p-20;
// eta beyond which no value is told from another.
constexpr double kMostEta = 0x1p40;
// After so many blocks with many errors beyond half an ulp, more are expected.
constexpr int kMisses = 4;

}  // namespace

// What one thread finds of some channels.
class FastCheck::Worker {
 public:
  explicit Worker(FastCheck& check)
      : check_(check),
        found_(empty_verdict(check.problem_, check.judge_, check.output_,
                             check.got_.dtype(), check.required_)) {}

  ~Worker() {
#pragma omp critical(exactbn_fast_check)
    {
      merge(check_.verdict_, found_);
      check_.counts_.values += counts_.values;
      check_.counts_.by_integers += counts_.by_integers;
      auto& all = check_.contenders_;
      all.insert(all.end(), contenders_.begin(), contenders_.end());
      std::erase_if(all, [this](const Contender& c) {
        return c.most < check_.ulp_.get();
      });
    }
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Values that may be the worst.
  void judge(const std::vector<Contender>& contenders) {
    for (const Contender& c : contenders) {
      if (c.most >= check_.ulp_.get()) judge(c.index);
    }
  }

  // The values [first, first + n), by the judge alone.
  void judge_all(std::int64_t first, std::int64_t n) {
    counts_.values += n;
    for (std::int64_t i = first; i < first + n; ++i) judge(i);
  }

  // The values [first, first + n), at most kBlock: rows of the channels of the
  // tests. As many from `next` on come after them.
  void check(ChannelTests& tests, std::int64_t first, std::int64_t n,
             std::int64_t next) {
    counts_.values += n;
    load(first, n, next);
    const DType dtype = check_.got_.dtype();
    const Quiet quiet = quiet_now();
    const bool easy = check_.misses_ < kMisses;
    if (easy) {
      if (count_far(tests.forms(), values_, n, dtype, quiet.ulps) == 0) return;
      measure_all(tests, n);
      if (judge_few(first, n)) return;
      ++check_.misses_;
    }
    tests.set_tolerance(quiet.eta, -kSlack);
    if (count_loud(tests.forms(), values_, n, dtype, quiet.ulps) == 0) return;
    if (!easy) measure_all(tests, n);
    listen(tests, first, n);
  }

 private:
  using Block = std::array<double, kBlock>;

  // What is surely no worse passes unheard.
  struct Quiet {
    double ulps = -1;
    double eta = -1;
    bool operator==(const Quiet& other) const = default;
  };

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
    const double wrong = check_.eta_of_wrong_.get();
    double eta = wrong > 0 ? wrong : check_.eta_.get();
    if (by_eta() && wrong > 0) eta = std::min(eta, check_.limit_);
    return {std::min(check_.ulp_.get(), passing_ulps()),
            std::min(eta, kMostEta)};
  }

  void measure_all(const ChannelTests& tests, std::int64_t n) {
    measure(tests.forms(), values_, n, check_.got_.dtype(), bounds_.data());
    std::fill_n(judged_.begin(), n, false);
  }

  void judge_once(std::int64_t first, std::int64_t i) {
    bool& judged = judged_[static_cast<std::size_t>(i)];
    if (!judged) judge(first + i);
    judged = true;
  }

  // Of a measured block: judges the values that are not surely within half an
  // ulp, if they are few. The others pass, and no tolerance is needed: their
  // eta is 0. Of those that may be the worst there is time to judge at the end.
  bool judge_few(std::int64_t first, std::int64_t n) {
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
    check_.ulp_.raise(least * (1 - 0x1p-50));
    const double ulps = quiet_now().ulps;
    for (std::int64_t i = 0; i < n; ++i) {
      const ErrorBounds& b = bounds_[static_cast<std::size_t>(i)];
      if (b.high <= ulps * b.ulp_low || b.high > 0.5 * b.ulp_low) continue;
      contenders_.push_back({first + i, b.high / b.ulp_low * (1 + 0x1p-50)});
    }
    for (std::size_t j = 0; j < count; ++j) judge_once(first, few[j]);
    return true;
  }

  void load(std::int64_t first, std::int64_t n, std::int64_t next) {
    values_.floats = check_.floats_;
    for (std::size_t j = 0; j < check_.inputs_.size(); ++j) {
      values_.in[j] = load(*check_.inputs_[j], first, n, buffers_[j]);
    }
    values_.got = load(check_.got_, first, n, buffers_.back());
    const bool copied = values_.got == buffers_.back().data();
    const bool any = !copied && next + n <= check_.got_.size();
    const int width = format(check_.got_.dtype()).width / 8;
    values_.next = any ? check_.got_.bytes().data() + next * width : nullptr;
  }

  const void* load(const Tensor& tensor, std::int64_t first, std::int64_t n,
                   Block& buffer) const {
    if (check_.floats_) {
      return tensor.bytes().data() + first * std::int64_t{sizeof(float)};
    }
    return load_block(tensor, first, n, buffer.data());
  }

  // Of every value of a block: passes, fails, or is judged.
  void listen(ChannelTests& tests, std::int64_t first, std::int64_t n) {
    fill_tolerances(tests, n, 1, 0, unit_);
    fill_tolerances(tests, n, check_.limit_, -kSlack, sure_);
    fill_tolerances(tests, n, check_.limit_, kSlack, most_);
    judge_the_worst(first, n);
    fill_tolerances(tests, n, quiet_now().eta, -kSlack, quiet_tol_);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (judged_[at]) continue;
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
      judge(first + i);
      if (quiet_now() != before) {
        fill_tolerances(tests, n, quiet_now().eta, -kSlack, quiet_tol_);
      }
    }
  }

  void fill_tolerances(ChannelTests& tests, std::int64_t n, double eta,
                       double slack, Block& to) {
    tests.set_tolerance(eta, slack);
    std::array<double, CheckForms::kMost> in{};
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < check_.inputs_.size(); ++j) {
        in[j] = value(values_.in[j], i);
      }
      to[static_cast<std::size_t>(i)] = tests.tolerance(i, in);
    }
  }

  double value(const void* values, std::int64_t i) const {
    return check_.floats_
               ? static_cast<double>(static_cast<const float*>(values)[i])
               : static_cast<const double*>(values)[i];
  }

  // So that the records are high before the others are measured by them.
  void judge_the_worst(std::int64_t first, std::int64_t n) {
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
      if (i >= 0) judge_once(first, i);
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

  // NaN is as bad as can be, and fails for sure: but the first is to be named.
  bool is_another_nan(std::int64_t i) const {
    return is_nan(check_.got_.bits(i), check_.got_.dtype()) &&
           format(check_.got_.dtype()).infinities &&
           std::isinf(found_.worst.judgement.eta) &&
           std::isinf(found_.worst.judgement.ulp) &&
           found_.worst.judgement.grade == Grade::unstable &&
           found_.worst.index < i;
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
      now.judgement = check_.exact(now.channel)(check_.output_, i, now.got,
                                                check_.got_.dtype());
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
  std::array<bool, kBlock> judged_;
  std::array<Known, 64> known_;
};

FastCheck::FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
                     std::string_view output, const Tensor& got, Grade required,
                     Filter filter)
    : problem_(problem),
      judge_(judge),
      screen_(screen),
      output_(output),
      got_(got),
      required_(required),
      filter_(filter),
      view_(problem.view()),
      names_(form_inputs(problem.operation, output)),
      limit_(judge.limit(output, required)),
      floats_(got.dtype() == DType::f32),
      verdict_(empty_verdict(problem, judge, output, got.dtype(), required)) {
  const auto x = std::find(names_.begin(), names_.end(), "x");
  if (x != names_.end()) std::rotate(names_.begin(), x, x + 1);
  for (const std::string_view name : names_) {
    inputs_.push_back(problem.find(name));
    floats_ = floats_ && inputs_.back()->dtype() == DType::f32;
  }
}

const OutputVerdict& FastCheck::finish() {
  std::vector<Contender> contenders;
  contenders.swap(contenders_);
  // In order: of values that are equally bad the first counts.
  Worker(*this).judge(contenders);
  return verdict_;
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

std::optional<ChannelTests> FastCheck::tests(const Channels& channels,
                                             Way way) {
  if (way == Way::integers) return {};
  return ChannelTests(judge_, way == Way::screen ? screen_ : nullptr, output_,
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

void FastCheck::check_along(std::int64_t channel) {
  const std::optional<ChannelTests> tests =
      this->tests({channel, 1}, way(channel));
  // Blocks of one size, so that what each asks of the memory is the next.
  const std::int64_t least = (view_.inner + kBlock - 1) / kBlock;
  const std::int64_t even = (view_.inner + least - 1) / least;
  const std::int64_t size = (even + kLine - 1) / kLine * kLine;
  const std::int64_t blocks = (view_.inner + size - 1) / size;
#pragma omp parallel if (view_.count() > kParallel)
  {
    Worker worker(*this);
    std::optional<ChannelTests> own = tests;
#pragma omp for schedule(static) collapse(2)
    for (std::int64_t n = 0; n < view_.outer; ++n) {
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::int64_t run = (n * view_.channels + channel) * view_.inner;
        const std::int64_t from = b * size;
        const std::int64_t count = std::min(size, view_.inner - from);
        const bool last = b + 1 == blocks;
        const std::int64_t next =
            run + (last ? view_.channels * view_.inner : from + count);
        if (own) {
          worker.check(*own, run + from, count, next);
        } else {
          worker.judge_all(run + from, count);
        }
      }
    }
  }
}

void FastCheck::check_across(const Channels& channels, Way way) {
  const std::optional<ChannelTests> tests = this->tests(channels, way);
  // Rows of all channels follow one another.
  const std::int64_t most =
      channels.count == view_.channels ? kBlock / channels.count : 1;
#pragma omp parallel if (view_.count() * channels.count > kParallel)
  {
    Worker worker(*this);
    std::optional<ChannelTests> own = tests;
#pragma omp for schedule(static)
    for (std::int64_t n = 0; n < view_.outer; n += most) {
      const std::int64_t rows = std::min(most, view_.outer - n);
      const std::int64_t first = n * view_.channels + channels.first;
      const std::int64_t count = rows * channels.count;
      if (own) {
        worker.check(*own, first, count, first + rows * view_.channels);
      } else {
        for (std::int64_t r = 0; r < rows; ++r) {
          worker.judge_all(first + r * view_.channels, channels.count);
        }
      }
    }
  }
}

}  // namespace exactbn
