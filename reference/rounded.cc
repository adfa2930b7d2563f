// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "reference/parallel_for.h"
#include "reference/rounded/affine_form.h"
#include "reference/rounded/affine_kernel.h"
#include "reference/sums/double_double.h"
#include "reference/tensor/block_io.h"

namespace exactbn {

namespace {

constexpr std::int64_t kBlock = 2048;
// If fewer values of one channel are contiguous, one loop spans all channels.
constexpr std::int64_t kShortRun = 64;
// One coefficient of a channel costs as much as this many values in exact
// integers.
constexpr std::int64_t kCoefficient = 4;

// The coefficients of all channels, each repeated for `repeat` places.
class Coefficients {
 public:
  Coefficients(const ExactBatchNorm& exact, Output output, std::size_t k,
               std::int64_t repeat)
      : k_(k), channels_(exact.problem().view().channels), repeat_(repeat) {
    for (auto& column : columns_) {
      column.resize(static_cast<std::size_t>(channels_ * repeat));
    }
    parallel_for(channels_, channels_ > 64,
                 [&](std::int64_t c) { set(exact, output, c); });
  }

  // The affine forms of `width` places, starting at `first`.
  FormColumns from(std::int64_t first, std::int64_t width) const {
    const auto at = [&](std::size_t column) {
      return columns_[column].data() + first;
    };
    FormColumns forms;
    forms.k = k_;
    forms.width = width;
    forms.offset_high = at(0);
    forms.offset_low = at(1);
    for (std::size_t j = 0; j < k_; ++j) {
      forms.high[j] = at(2 + 2 * j);
      forms.low[j] = at(3 + 2 * j);
    }
    return forms;
  }

 private:
  void set(const ExactBatchNorm& exact, Output output, std::int64_t c) {
    if (!exact.is_number(c)) {
      // NaN leaves every place open; the rules for edges decide.
      return put(0, c, {std::numeric_limits<double>::quiet_NaN(), 0});
    }
    const AffineForm form = affine_form(exact.problem().operation, output,
                                        exact.channel(c), exact.along(c));
    put(0, c, nearest_pair(form.offset));
    for (std::size_t j = 0; j < k_; ++j) {
      put(2 + 2 * j, c, nearest_pair(form.slopes[j]));
    }
  }

  void put(std::size_t column, std::int64_t c, DoubleDouble value) {
    const auto begin = c * repeat_;
    std::fill_n(columns_[column].begin() + begin, repeat_, value.high);
    std::fill_n(columns_[column + 1].begin() + begin, repeat_, value.low);
  }

  std::size_t k_;
  std::int64_t channels_;
  std::int64_t repeat_;
  std::array<std::vector<double>, 2 + 2 * FormColumns::kMost> columns_;
};

// The consecutive values [begin, begin + n) of the output.
struct Block {
  std::int64_t begin;
  std::int64_t n;
  FormColumns forms;
};

class Rounder {
 public:
  Rounder(const ExactBatchNorm& exact, Output output, Tensor& result)
      : exact_(exact), output_(output), result_(result) {
    for (const Input input : form_inputs(exact.problem().operation, output)) {
      inputs_.push_back(exact.problem().find(input));
    }
  }

  // Returns the number of values that integers had to decide.
  std::int64_t round(const Block& block) {
    std::array<const double*, FormColumns::kMost> in{};
    for (std::size_t j = 0; j < inputs_.size(); ++j) {
      in[j] = load_block(*inputs_[j], block.begin, block.n, buffers_[j].data());
    }
    double* out = block_target(result_, block.begin, rounded_.data());
    const std::int64_t open =
        evaluate(block.forms, in, block.n, result_.dtype(), out, open_.data());
    store_block(out, block.begin, block.n, result_);
    for (std::int64_t i = 0; open > 0 && i < block.n; ++i) {
      if (open_[static_cast<std::size_t>(i)] == 0) continue;
      const std::int64_t at = block.begin + i;
      result_.set_bits(at, round_to(exact_.at(output_, at), result_.dtype()));
    }
    return open;
  }

 private:
  const ExactBatchNorm& exact_;
  Output output_;
  Tensor& result_;
  std::vector<const Tensor*> inputs_;
  std::array<std::array<double, kBlock>, FormColumns::kMost> buffers_;
  std::array<double, kBlock> rounded_;
  std::array<std::uint8_t, kBlock> open_;
};

// Whether the output is an affine form and channels have enough values.
bool worth_filtering(const Problem& problem, Output output) {
  const std::size_t k = form_inputs(problem.operation, output).size();
  const auto coefficients = static_cast<std::int64_t>(k) + 1;
  return k > 0 && problem.view().count() >= kCoefficient * coefficients;
}

// Each block lies in one channel or, if contiguous runs are short, across a row
// of channels.
std::int64_t filter_blocks(const ExactBatchNorm& exact, Output output,
                           Tensor& result) {
  const ChannelView view = exact.problem().view();
  const bool rows = view.inner < kShortRun;
  const std::int64_t run = rows ? view.channels * view.inner : view.inner;
  const std::int64_t runs = result.size() / run;
  const std::int64_t blocks = (run + kBlock - 1) / kBlock;
  const std::size_t k = form_inputs(exact.problem().operation, output).size();
  const std::int64_t repeat = rows ? view.inner : 1;
  const Coefficients coefficients(exact, output, k, repeat);
  std::atomic<std::int64_t> open = 0;
  const std::int64_t all = runs * blocks;
  constexpr std::int64_t kChunks = 64;  // of a loop
  parallel_for(
      {all, result.size() > kParallel, all / kChunks + 1},
      [&] { return Rounder(exact, output, result); },
      [&](std::int64_t i, Rounder& rounder) {
        const std::int64_t r = i / blocks;
        const std::int64_t first = i % blocks * kBlock;
        const std::int64_t n = std::min(kBlock, run - first);
        const FormColumns forms =
            coefficients.from(rows ? first : r % view.channels, rows ? n : 1);
        open += rounder.round({r * run + first, n, forms});
      });
  return open;
}

}  // namespace

Tensor rounded(const ExactBatchNorm& exact, Output output, DType dtype,
               Filter filter, FilterCounts* counts) {
  const StandardEnvironment environment;
  if (filter == Filter::off || !worth_filtering(exact.problem(), output)) {
    Tensor result = exact.rounded(output, dtype);
    if (counts) counts->by_integers += result.size();
    return result;
  }
  Tensor result(dtype, shape_of(exact.problem(), output));
  const std::int64_t open = filter_blocks(exact, output, result);
  if (counts) {
    counts->by_bound += result.size() - open;
    counts->by_integers += open;
  }
  return result;
}

}  // namespace exactbn
