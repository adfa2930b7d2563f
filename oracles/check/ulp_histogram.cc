// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/ulp_histogram.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

#include "reference/floating_point_environment.h"
#include "reference/rounded.h"

namespace exactbn {

namespace {

// Counts the values of one problem by bin.
class Counter {
 public:
  Counter(const Problem& problem, const Declaration& declaration)
      : problem_(problem),
        declaration_(declaration),
        view_(problem.view()),
        exact_(problem) {}

  UlpHistogram count(const OutputVerdict& out, const Tensor& got) {
    const Tensor want =
        rounded(exact_, exact_name(declaration_, out.output), got.dtype());
    UlpHistogram histogram;
    for (std::int64_t i = 0; i < got.size(); ++i) {
      add(histogram, out, i, got.bits(i), want.bits(i));
    }
    return histogram;
  }

 private:
  // Constructed on first use: few values need it.
  const Judge& judge() {
    if (!judge_) judge_.emplace(problem_, declaration_);
    return *judge_;
  }

  void add(UlpHistogram& to, const OutputVerdict& out, std::int64_t i,
           std::uint64_t got, std::uint64_t want) {
    const DType dtype = out.dtype;
    const bool number = is_finite(want, dtype);
    if (number && got == want) {
      ++to.off[0];
      return;
    }
    // The judge decides what is right if the exact value is no number, and
    // whether a value is undecided, which is possible only if the verdict
    // counts any and the bound of the channel does not hold.
    const std::int64_t c = shaped_like_x(out.output) ? view_.channel(i) : i;
    const bool may_be_undecided =
        out.undecided_values > 0 && !judge().is_bounded(out.output, c);
    if (!number || may_be_undecided) {
      const Judgement j = judge()(out.output, i, got, dtype);
      if (j.grade == Grade::correct) {
        ++to.off[0];
        return;
      }
      if (out.undecided_values > 0 && !j.decided) {
        ++to.undecided;
        return;
      }
      want = j.want;
    }
    if (is_finite(got, dtype) && is_finite(want, dtype)) {
      ++to.off[ulp_bin(steps_between(got, want, dtype))];
    } else {
      ++to.unlike;
    }
  }

  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  ExactBatchNorm exact_;
  std::optional<Judge> judge_;
};

}  // namespace

std::uint64_t UlpHistogram::most_steps(std::size_t bin) {
  return bin == 0 ? 0 : std::uint64_t{1} << (bin - 1);
}

std::int64_t UlpHistogram::decided() const {
  return std::accumulate(off.begin(), off.end(), unlike);
}

UlpHistogram& UlpHistogram::operator+=(const UlpHistogram& other) {
  for (std::size_t bin = 0; bin < kBins; ++bin) off[bin] += other.off[bin];
  unlike += other.unlike;
  undecided += other.undecided;
  return *this;
}

CompactHistogram::CompactHistogram(const UlpHistogram& ulps)
    : unlike_(ulps.unlike),
      undecided_(ulps.undecided),
      decided_(ulps.decided()) {
  for (std::size_t bin = 0; bin < UlpHistogram::kBins; ++bin) {
    if (ulps.off[bin] == 0) continue;
    bins_.emplace_back(static_cast<std::uint8_t>(bin), ulps.off[bin]);
  }
  bins_.shrink_to_fit();
}

UlpHistogram CompactHistogram::expanded() const {
  UlpHistogram ulps;
  for (const auto& [bin, values] : bins_) ulps.off[bin] = values;
  ulps.unlike = unlike_;
  ulps.undecided = undecided_;
  return ulps;
}

std::size_t ulp_bin(std::uint64_t steps) {
  if (steps == 0) return 0;
  const auto bin = static_cast<std::size_t>(std::bit_width(steps - 1)) + 1;
  return std::min(bin, UlpHistogram::kBins - 1);
}

std::uint64_t steps_between(std::uint64_t a, std::uint64_t b, DType dtype) {
  const std::uint64_t x = magnitude(a, dtype);
  const std::uint64_t y = magnitude(b, dtype);
  if (is_negative(a, dtype) != is_negative(b, dtype)) return x + y;
  return x > y ? x - y : y - x;
}

std::vector<UlpHistogram> ulp_histograms(
    const Problem& problem, const Declaration& declaration,
    const OutputTensors& got, std::span<const OutputVerdict> outputs) {
  const StandardEnvironment environment;
  std::vector<UlpHistogram> histograms;
  if (outputs.empty()) return histograms;
  Counter counter(problem, declaration);
  for (const OutputVerdict& out : outputs) {
    histograms.push_back(counter.count(out, got.at(out.output)));
  }
  return histograms;
}

}  // namespace exactbn
