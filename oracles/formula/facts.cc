// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula/facts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace exactbn::formula {

namespace {

constexpr Wide kNaN = std::numeric_limits<Wide>::quiet_NaN();

constexpr auto kValuesEnd = static_cast<int>(Values::none) + 1;

WideMatrix rounded(const WideMatrix& a, DType dtype) {
  return a.unaryExpr([dtype](Wide x) -> Wide {
    return to_double(round_to(static_cast<double>(x), dtype), dtype);
  });
}

WideRow rounded_row(const WideRow& a, DType dtype) {
  return rounded(a, dtype).row(0);
}

// The value whose bits are those of `x` in the other 16-bit format.
WideMatrix in_other_16(const WideMatrix& a, const Tensor* from) {
  if (!from || (from->dtype() != DType::f16 && from->dtype() != DType::bf16)) {
    return a;
  }
  const DType dtype = from->dtype();
  const DType other = dtype == DType::f16 ? DType::bf16 : DType::f16;
  return a.unaryExpr([dtype, other](Wide x) -> Wide {
    return to_double(round_to(static_cast<double>(x), dtype), other);
  });
}

// To 11 significant bits.
Wide as_tf32(Wide x) {
  if (!std::isfinite(x) || x == 0) return x;
  int exponent = 0;
  std::frexp(x, &exponent);
  const Wide unit = std::ldexp(Wide{1}, exponent - 11);
  return std::nearbyint(x / unit) * unit;
}

WideMatrix x_of(const Problem* problem) {
  if (!problem) return {};
  Pass pass(*problem, Order::forward);
  pass.read();
  return pass.x;
}

Wide square(Wide x) { return x * x; }

Wide sigmoid(Wide x) { return 1 / (1 + std::exp(-x)); }

// Those of the channel whose variance stands for the own one.
Values values_of(Deviations deviations) {
  switch (deviations) {
    case Deviations::channel_before:
      return Values::channel_before;
    case Deviations::channel_after:
      return Values::channel_after;
    default:
      return Values::first_channel;
  }
}

std::size_t tile_index(Deviations deviations) {
  return static_cast<std::size_t>(deviations) -
         static_cast<std::size_t>(Deviations::within_samples);
}

}  // namespace

Facts::Facts(const Problem& problem, RunningVariance divisor,
             const Earlier& earlier, Inputs inputs)
    : pass_(problem, Order::forward, divisor), m_(pass_.view.count()) {
  pass_.read();
  pass_.find_statistics();
  if (inputs == Inputs::as_given) {
    // Other inputs are combined with no other change.
    last_x_ = x_of(earlier.last_forward);
    first_x_ = x_of(earlier.first);
    return;
  }
  const Pass given = pass_;
  change(inputs, earlier);
  const auto same = [](const auto& a, const auto& b) {
    return (a == b || (a != a && b != b)).all();
  };
  changed_ = !same(given.x, pass_.x) || !same(given.gamma, pass_.gamma) ||
             !same(given.beta, pass_.beta) ||
             !same(given.old_mean, pass_.old_mean) ||
             !same(given.old_var, pass_.old_var) ||
             (given.dy.size() != 0 && !same(given.dy, pass_.dy));
  pass_.find_statistics();
}

void Facts::change(Inputs inputs, const Earlier& earlier) {
  const auto round = [](WideMatrix& a, DType dtype) { a = rounded(a, dtype); };
  const auto parameters = [&](DType dtype) {
    for (WideRow* row :
         {&pass_.gamma, &pass_.beta, &pass_.old_mean, &pass_.old_var}) {
      *row = rounded_row(*row, dtype);
    }
  };
  const auto mask = [&](const WideMatrix& by) {
    if (pass_.dy.size() != 0) pass_.dy = (by > 0).select(pass_.dy, Wide{0});
  };
  switch (inputs) {
    case Inputs::as_given:
      return;
    case Inputs::x_as_f32:
      return round(pass_.x, DType::f32);
    case Inputs::x_as_f16:
      return round(pass_.x, DType::f16);
    case Inputs::x_as_bf16:
      return round(pass_.x, DType::bf16);
    case Inputs::dy_as_f32:
      return round(pass_.dy, DType::f32);
    case Inputs::dy_as_f16:
      return round(pass_.dy, DType::f16);
    case Inputs::dy_as_bf16:
      return round(pass_.dy, DType::bf16);
    case Inputs::parameters_as_x:
      return parameters(pass_.problem.x().dtype());
    case Inputs::parameters_as_f32:
      return parameters(DType::f32);
    case Inputs::parameters_as_f16:
      return parameters(DType::f16);
    case Inputs::parameters_as_bf16:
      return parameters(DType::bf16);
    case Inputs::dy_where_y_is_positive: {
      const WideRow slope = pass_.gamma / (pass_.var + pass_.epsilon).sqrt();
      mask(((pass_.x.rowwise() - pass_.mean).rowwise() * slope).rowwise() +
           pass_.beta);
      return;
    }
    case Inputs::dy_where_x_is_positive:
      return mask(pass_.x);
    case Inputs::x_in_other_16:
    case Inputs::dy_in_other_16:
    case Inputs::parameters_in_other_16:
      return read_in_other_16(inputs);
    case Inputs::parameters_of_earlier:
      if (!earlier.channels) return;
      Pass before(*earlier.channels, Order::forward);
      before.read();
      pass_.gamma = before.gamma;
      pass_.beta = before.beta;
      return;
  }
}

void Facts::read_in_other_16(Inputs inputs) {
  const Problem& p = pass_.problem;
  const auto read = [&](auto& a, Input name) {
    a = in_other_16(a, p.find(name));
  };
  if (inputs == Inputs::x_in_other_16) return read(pass_.x, Input::x);
  if (inputs == Inputs::dy_in_other_16) return read(pass_.dy, Input::dy);
  read(pass_.gamma, Input::gamma);
  read(pass_.beta, Input::beta);
  read(pass_.old_mean, Input::running_mean);
  read(pass_.old_var, Input::running_var);
}

Eigen::Index Facts::channel_of(Values values, Eigen::Index c) const {
  const Eigen::Index last = pass_.x.cols() - 1;
  switch (values) {
    case Values::channel_before:
      return c > 0 ? c - 1 : last;
    case Values::channel_after:
      return c < last ? c + 1 : 0;
    case Values::first_channel:
      return 0;
    case Values::last_channel:
      return last;
    default:
      return c;
  }
}

// How often the k-th value of a channel is among them.
int Facts::times(Values values, std::int64_t k) const {
  const std::int64_t inner = pass_.view.inner;
  // The values after the last whole block are left out.
  const auto in_blocks = [](std::int64_t at, std::int64_t n,
                            std::int64_t block) {
    return at < n - n % block ? 1 : 0;
  };
  // The last block ends with the row and overlaps the one before.
  const auto overlap = [&](std::int64_t block) {
    const std::int64_t rest = inner % block;
    const std::int64_t at = k % inner;
    const bool overlaps =
        inner > block && rest != 0 && at >= inner - block && at < inner - rest;
    return overlaps ? 2 : 1;
  };
  switch (values) {
    case Values::without_last:
      return in_blocks(k, m_ - 1, 1);
    case Values::without_first:
      return k > 0 ? 1 : 0;
    case Values::first_sample:
      return in_blocks(k, inner, 1);
    case Values::last_sample:
      return k >= m_ - inner ? 1 : 0;
    case Values::second_half:
      return k >= m_ / 2 ? 1 : 0;
    case Values::without_last_sample:
      return in_blocks(k, m_ - inner, 1);
    case Values::first_half:
      return in_blocks(k, m_ / 2, 1);
    case Values::every_second:
      return k % 2 == 0 ? 1 : 0;
    case Values::blocks_of_4:
      return in_blocks(k, m_, 4);
    case Values::blocks_of_8:
      return in_blocks(k, m_, 8);
    case Values::blocks_of_16:
      return in_blocks(k, m_, 16);
    case Values::blocks_of_32:
      return in_blocks(k, m_, 32);
    case Values::blocks_of_64:
      return in_blocks(k, m_, 64);
    case Values::blocks_of_128:
      return in_blocks(k, m_, 128);
    case Values::blocks_of_256:
      return in_blocks(k, m_, 256);
    case Values::row_blocks_of_2:
      return in_blocks(k % inner, inner, 2);
    case Values::row_blocks_of_4:
      return in_blocks(k % inner, inner, 4);
    case Values::row_blocks_of_8:
      return in_blocks(k % inner, inner, 8);
    case Values::row_blocks_of_16:
      return in_blocks(k % inner, inner, 16);
    case Values::without_last_of_4:
      return k % 4 == 3 ? 0 : 1;
    case Values::without_last_of_8:
      return k % 8 == 7 ? 0 : 1;
    case Values::last_twice:
      return k == m_ - 1 ? 2 : 1;
    case Values::row_overlap_of_4:
      return overlap(4);
    case Values::row_overlap_of_8:
      return overlap(8);
    case Values::row_overlap_of_16:
      return overlap(16);
    default:
      return 1;
  }
}

// The number of values of a tile; all if there is no such.
std::int64_t Facts::tile_size(std::size_t tile) const {
  if (tile == tile_index(Deviations::within_samples)) return pass_.view.inner;
  if (tile == tile_index(Deviations::within_rows)) {
    return std::gcd(pass_.problem.x().shape().back(), pass_.view.inner);
  }
  return std::int64_t{2} << tile;
}

// The sum of squares of deviations from the mean of each tile.
Wide Facts::squares_within(std::int64_t tile, Eigen::Index c) const {
  Wide squares = 0;
  for (std::int64_t first = 0; first < m_; first += tile) {
    const auto values =
        pass_.x.col(c).segment(first, std::min(tile, m_ - first));
    squares += (values - values.mean()).square().sum();
  }
  return squares;
}

Facts::Sums Facts::sums_of(Values values, Eigen::Index c) const {
  constexpr Sums nothing = {kNaN, kNaN, kNaN, kNaN, kNaN,
                            kNaN, kNaN, kNaN, kNaN, {}};
  const bool all = values == Values::all_channels;
  const Eigen::Index first = all ? 0 : channel_of(values, c);
  const Eigen::Index end = all ? pass_.x.cols() : first + 1;
  const WideMatrix& x = values == Values::last_forward          ? last_x_
                        : values == Values::first_of_this_shape ? first_x_
                                                                : pass_.x;
  if (x.size() == 0) return nothing;
  const WideMatrix& factor = this->factor();
  Sums s;
  const auto each = [&](const auto& add) {
    for (Eigen::Index j = first; j < end; ++j) {
      for (std::int64_t k = 0; k < m_; ++k) {
        for (int n = times(values, k); n > 0; --n) add(j, k);
      }
    }
  };
  each([&](Eigen::Index j, std::int64_t k) {
    s.n += 1;
    s.mean += x(k, j);
  });
  if (s.n == 0) return nothing;
  s.mean /= s.n;
  Wide before = 0;
  Wide n = 0;
  each([&](Eigen::Index j, std::int64_t k) {
    s.squares += square(x(k, j) - s.mean);
    s.from_before += square(x(k, j) - before);
    n += 1;
    before += (x(k, j) - before) / n;
    if (factor.size() == 0) return;
    const Wide deviation = pass_.x(k, j) - pass_.mean(j);
    s.dy += factor(k, j);
    s.dy_x += factor(k, j) * deviation;
    if (pass_.u.size() == 0 || pass_.dy.size() == 0) return;
    s.second_dy += pass_.dy(k, j);
    s.second_dy_x += pass_.dy(k, j) * deviation;
    s.u_dy += pass_.u(k, j) * pass_.dy(k, j);
  });
  for (std::size_t t = 0; values == Values::all && t < kTiles; ++t) {
    s.within[t] = squares_within(tile_size(t), first);
  }
  return s;
}

void Facts::prepare(Output output, std::int64_t i) {
  const Eigen::Index c = shaped_like_x(output) ? pass_.view.channel(i) : i;
  const int end = changed_ ? 1 : kValuesEnd;
  for (int v = 0; v < end; ++v) {
    const auto values = static_cast<Values>(v);
    const auto [sums, is_new] = sums_.try_emplace({values, c});
    if (is_new) sums->second = sums_of(values, c);
  }
}

const Facts::Sums& Facts::sums(Values values, Eigen::Index c) const {
  return sums_.find({values, c})->second;
}

// What stands for m; of_the_values is m itself.
Wide Facts::divisor(Count count) const {
  const ChannelView& view = pass_.view;
  const Shape& shape = pass_.problem.x().shape();
  const auto all = static_cast<Wide>(view.channels) * pass_.m;
  const auto up_to = [&](Wide block) {
    return std::ceil(pass_.m / block) * block;
  };
  const auto down_to = [&](Wide block) {
    const Wide n = std::floor(pass_.m / block) * block;
    return n > 0 ? n : kNaN;
  };
  switch (count) {
    case Count::of_the_values:
    case Count::of_the_channel:
      return pass_.m;
    case Count::one:
      return 1;
    case Count::m_minus_1:
      return pass_.m - 1;
    case Count::m_plus_1:
      return pass_.m + 1;
    case Count::samples:
      return static_cast<Wide>(view.outer);
    case Count::row:
      return static_cast<Wide>(view.inner);
    case Count::all_values:
      return all;
    case Count::channels:
      return static_cast<Wide>(view.channels);
    case Count::all_axes_but_1:
      return all / static_cast<Wide>(shape[1]);
    case Count::all_axes_but_last:
      return all / static_cast<Wide>(shape.back());
    case Count::last_axis:
      return static_cast<Wide>(shape.back());
    case Count::up_to_4:
      return up_to(4);
    case Count::up_to_8:
      return up_to(8);
    case Count::up_to_16:
      return up_to(16);
    case Count::up_to_32:
      return up_to(32);
    case Count::up_to_64:
      return up_to(64);
    case Count::up_to_128:
      return up_to(128);
    case Count::up_to_256:
      return up_to(256);
    case Count::up_to_1024:
      return up_to(1024);
    case Count::up_to_power_of_2:
      return std::exp2(std::ceil(std::log2(pass_.m)));
    case Count::down_to_4:
      return down_to(4);
    case Count::down_to_8:
      return down_to(8);
    case Count::down_to_16:
      return down_to(16);
    case Count::down_to_32:
      return down_to(32);
    case Count::down_to_64:
      return down_to(64);
    case Count::down_to_128:
      return down_to(128);
    case Count::down_to_256:
      return down_to(256);
    case Count::down_to_1024:
      return down_to(1024);
    case Count::down_to_power_of_2:
      return std::exp2(std::floor(std::log2(pass_.m)));
    case Count::in_8_bits:
      return std::fmod(pass_.m, Wide{256});
    case Count::in_16_bits:
      return std::fmod(pass_.m, Wide{65536});
  }
  return kNaN;
}

// The value as a formula uses that keeps it in a short format.
Wide Facts::kept(const Choice& choice, Kept what, Wide value) const {
  const auto at = choice.get<std::uint8_t>(Slot::kept);
  if (at == 0 || what_is_kept(at) != what) return value;
  const auto in = [value](DType dtype) -> Wide {
    return to_double(round_to(static_cast<double>(value), dtype), dtype);
  };
  switch (kept_as(at)) {
    case KeptAs::format_of_x:
      return in(pass_.problem.x().dtype());
    case KeptAs::f16:
      return in(DType::f16);
    case KeptAs::bf16:
      return in(DType::bf16);
    case KeptAs::tf32:
      return as_tf32(value);
  }
  return kNaN;
}

// The factor of the biased variance.
Wide Facts::correction(Output output, const Choice& choice) const {
  const Wide m = pass_.m;
  const Wide unbiased = m / (m - 1);
  const auto samples = static_cast<Wide>(pass_.view.outer);
  switch (choice.get<Correction>(Slot::correction)) {
    case Correction::as_defined:
      return output == Output::running_var &&
                     pass_.divisor == RunningVariance::unbiased
                 ? unbiased
                 : 1;
    case Correction::biased:
      return 1;
    case Correction::unbiased:
      return unbiased;
    case Correction::unbiased_twice:
      return unbiased * unbiased;
    case Correction::reversed:
      return 1 / unbiased;
    case Correction::sum:
      return m;
    case Correction::twice_divided:
      return 1 / m;
    case Correction::by_samples:
      return samples / (samples - 1);
  }
  return kNaN;
}

Facts::Statistics Facts::statistics(Output output, const Choice& choice,
                                    Eigen::Index c) const {
  const auto values = choice.get<Values>(Slot::values);
  const Wide factor = correction(output, choice);
  if (values == Values::none) return {0, factor, factor};
  const bool other = values == Values::other_statistics;
  if (other && traits(output).updates) return {kNaN, kNaN, kNaN};
  // Running and saved statistics are the batch's in every operation.
  const bool frozen =
      output == Output::y || pass_.backward() ? pass_.trains() == other : other;
  const auto deviations = choice.get<Deviations>(Slot::deviations);
  const bool other_var = deviations >= Deviations::channel_before;
  if (frozen) {
    const bool given = pass_.problem.find(Input::running_var) != nullptr;
    const Eigen::Index of_mean = channel_of(values, c);
    const Eigen::Index of_var =
        other_var ? channel_of(values_of(deviations), c) : of_mean;
    return {pass_.old_mean(of_mean),
            given ? factor * pass_.old_var(of_var) : kNaN, factor};
  }
  const Sums& s = sums(other ? Values::all : values, c);
  const auto count = choice.get<Count>(Slot::count);
  const Wide n = count == Count::of_the_values ? s.n : divisor(count);
  const Wide mean = s.mean * (s.n / n);
  const auto var_count = choice.get<Count>(Slot::var_count);
  const Wide var_n = var_count == Count::of_the_values ? n : divisor(var_count);
  Wide around = mean;
  switch (deviations) {
    case Deviations::mean:
      break;
    case Deviations::channel_before:
    case Deviations::channel_after:
    case Deviations::first_channel:
      return {mean, factor * sums(values_of(deviations), c).squares / var_n,
              factor};
    case Deviations::within_samples:
    case Deviations::within_rows:
    case Deviations::within_tiles_of_8:
    case Deviations::within_tiles_of_16:
    case Deviations::within_tiles_of_32:
    case Deviations::within_tiles_of_64:
    case Deviations::within_tiles_of_128:
    case Deviations::within_tiles_of_256:
    case Deviations::within_tiles_of_512:
    case Deviations::within_tiles_of_1024:
      return {
          mean,
          factor * sums(Values::all, c).within[tile_index(deviations)] / var_n,
          factor};
    case Deviations::zero:
      around = 0;
      break;
    case Deviations::running_mean:
      around = pass_.old_mean(c);
      break;
    case Deviations::first_value:
      around = pass_.x(0, c);
      break;
    case Deviations::mean_of_those_before:
      return {mean, factor * s.from_before / var_n, factor};
  }
  const Wide var = (s.squares + s.n * square(s.mean - around)) / var_n;
  return {mean, factor * var, factor};
}

// var with epsilon.
Wide Facts::regularized(Output output, const Choice& choice,
                        const Statistics& s) const {
  auto how = choice.get<Epsilon>(Slot::epsilon);
  // The variance itself has none.
  const bool is_variance =
      output == Output::var || output == Output::running_var;
  if (is_variance && how <= Epsilon::missing) {
    how = how == Epsilon::missing ? Epsilon::added : Epsilon::missing;
  }
  const Wide v = s.var;
  const Wide e = pass_.epsilon;
  switch (how) {
    case Epsilon::added:
      return v + e;
    case Epsilon::missing:
      return v;
    case Epsilon::twice:
      return v + 2 * e;
    case Epsilon::outside:
      return square(std::sqrt(v) + e);
    case Epsilon::floor:
      return std::max(v, e);
    case Epsilon::squared:
      return v + e * e;
    case Epsilon::rooted:
      return v + std::sqrt(e);
    case Epsilon::both_rooted:
      return square(std::sqrt(v) + std::sqrt(e));
    case Epsilon::is_1e_3:
      return v + 1e-3L;
    case Epsilon::is_1e_5:
      return v + 1e-5L;
    case Epsilon::is_1e_6:
      return v + 1e-6L;
    case Epsilon::is_1e_7:
      return v + 1e-7L;
    case Epsilon::is_1e_8:
      return v + 1e-8L;
    case Epsilon::is_1e_12:
      return v + 1e-12L;
    case Epsilon::subtracted:
      return v - e;
    case Epsilon::before_correction:
      return v + e * s.factor;
    case Epsilon::over_m:
      return v + e / pass_.m;
    case Epsilon::times_m:
      return v + e * pass_.m;
    case Epsilon::var_at_least_epsilon:
      return std::max(v, e) + e;
    case Epsilon::var_at_least_1e_5:
      return std::max(v, 1e-5L) + e;
    case Epsilon::at_least_1e_5:
      return v + std::max(e, 1e-5L);
  }
  return kNaN;
}

Wide Facts::power(const Choice& choice, Wide w) const {
  switch (choice.get<Root>(Slot::root)) {
    case Root::inverse:
      return 1 / std::sqrt(w);
    case Root::missing:
      return 1 / w;
    case Root::multiplied:
      return std::sqrt(w);
    case Root::unused:
      return 1;
    case Root::fourth:
      return 1 / std::sqrt(std::sqrt(w));
    case Root::cubed:
      return 1 / (w * std::sqrt(w));
  }
  return kNaN;
}

Wide Facts::parameter(bool is_gamma, Parameter which, Eigen::Index c,
                      std::int64_t i, Wide invstd) const {
  const WideRow& own = is_gamma ? pass_.gamma : pass_.beta;
  const WideRow& other = is_gamma ? pass_.beta : pass_.gamma;
  const Eigen::Index channels = own.size();
  switch (which) {
    case Parameter::own:
      return own(c);
    case Parameter::absent:
      return is_gamma ? 1 : 0;
    case Parameter::negative:
      return -own(c);
    case Parameter::twice:
      return 2 * own(c);
    case Parameter::squared:
      return square(own(c));
    case Parameter::magnitude:
      return std::fabs(own(c));
    case Parameter::one_more:
      return 1 + own(c);
    case Parameter::zero:
      return 0;
    case Parameter::channel_before:
      return own(channel_of(Values::channel_before, c));
    case Parameter::channel_after:
      return own(channel_of(Values::channel_after, c));
    case Parameter::first_channel:
      return own(0);
    case Parameter::last_channel:
      return own(channels - 1);
    case Parameter::reversed:
      return own(channels - 1 - c);
    case Parameter::modulo:
      return own(i % channels);
    case Parameter::quotient:
      return own(i / m_);
    case Parameter::modulo_4:
      return own(c % 4);
    case Parameter::modulo_8:
      return own(c % 8);
    case Parameter::modulo_16:
      return own(c % 16);
    case Parameter::modulo_32:
      return own(c % 32);
    case Parameter::modulo_64:
      return own(c % 64);
    case Parameter::modulo_128:
      return own(c % 128);
    case Parameter::modulo_256:
      return own(c % 256);
    case Parameter::modulo_1024:
      return own(c % 1024);
    case Parameter::other:
      return other(c);
    case Parameter::scaled:
      return is_gamma ? 1 / own(c) : own(c) * other(c);
    case Parameter::normalized:
      return own(c) * invstd;
  }
  return kNaN;
}

// The mean that normalizes another channel.
Wide Facts::mean_of(Values values, Eigen::Index c) const {
  return pass_.trains() ? sums(values, c).mean
                        : pass_.old_mean(channel_of(values, c));
}

Wide Facts::centre(const Choice& choice, const Statistics& s,
                   Eigen::Index c) const {
  switch (choice.get<Centre>(Slot::centre)) {
    case Centre::mean:
      return s.mean;
    case Centre::zero:
      return 0;
    case Centre::other_mean:
      return pass_.trains() ? pass_.old_mean(c) : sums(Values::all, c).mean;
    case Centre::negative:
      return -s.mean;
    case Centre::twice:
      return 2 * s.mean;
    case Centre::channel_before:
      return mean_of(Values::channel_before, c);
    case Centre::channel_after:
      return mean_of(Values::channel_after, c);
    case Centre::first_value:
      return pass_.x(0, c);
  }
  return kNaN;
}

Wide Facts::running(Output output, const Choice& choice, const Statistics& s,
                    Eigen::Index c) const {
  const auto& momentum = pass_.problem.momentum;
  const Wide batches = static_cast<Wide>(pass_.problem.batches_tracked) + 1;
  const Wide a = kept(choice, Kept::momentum,
                      momentum ? static_cast<Wide>(*momentum) : 1 / batches);
  const auto weight = [&](Slot slot, Wide own, Wide of_the_other) -> Wide {
    switch (choice.get<Weight>(slot)) {
      case Weight::as_defined:
        return own;
      case Weight::of_the_other:
        return of_the_other;
      case Weight::one:
        return 1;
      case Weight::zero:
        return 0;
      case Weight::tenth:
        return 0.1L;
      case Weight::nine_tenths:
        return 0.9L;
      case Weight::of_one_batch_more:
        if (momentum) return kNaN;
        return slot == Slot::new_weight ? 1 / (batches + 1)
                                        : 1 - 1 / (batches + 1);
      case Weight::of_null:
        if (!momentum) return kNaN;
        return slot == Slot::new_weight ? 1 / batches : 1 - 1 / batches;
    }
    return kNaN;
  };
  const bool of_mean = output == Output::running_mean;
  const Wide old = of_mean ? pass_.old_mean(c) : pass_.old_var(c);
  const Wide batch = kept(choice, Kept::batch,
                          of_mean ? s.mean : regularized(output, choice, s));
  return weight(Slot::old_weight, 1 - a, a) * old +
         weight(Slot::new_weight, a, 1 - a) * batch;
}

// By what a sum is multiplied in dx.
Wide Facts::term(Term term, Wide one, Wide gamma, Wide invstd) const {
  switch (term) {
    case Term::as_defined:
      return pass_.trains() ? one : 0;
    case Term::missing:
      return 0;
    case Term::over_m:
      return one;
    case Term::negative:
      return -one;
    case Term::sum:
      return 1;
    case Term::over_m_minus_1:
      return 1 / (pass_.m - 1);
    case Term::over_samples:
      return 1 / static_cast<Wide>(pass_.view.outer);
    case Term::over_row:
      return 1 / static_cast<Wide>(pass_.view.inner);
    case Term::over_all:
      return one / static_cast<Wide>(pass_.view.channels);
    case Term::with_gamma:
      return gamma * one;
    case Term::with_invstd:
      return invstd * one;
    case Term::with_std:
      return one / invstd;
    case Term::twice:
      return 2 * one;
    case Term::half:
      return one / 2;
  }
  return kNaN;
}

// A term with what is wrong with it.
Wide Facts::times(Factor factor, Wide term, Wide gamma, Wide invstd) const {
  switch (factor) {
    case Factor::as_defined:
      return term;
    case Factor::missing:
      return 0;
    case Factor::negative:
      return -term;
    case Factor::with_std:
      return term / invstd;
    case Factor::with_invstd:
      return term * invstd;
    case Factor::with_gamma:
      return term * gamma;
    case Factor::twice:
      return term * 2;
    case Factor::half:
      return term / 2;
    case Factor::thrice:
      return term * 3;
    case Factor::third:
      return term / 3;
    case Factor::times_m:
      return term * pass_.m;
    case Factor::over_m:
      return term / pass_.m;
  }
  return kNaN;
}

// With a, b, p the means of dy, dy xhat and u xhat, and c that of u (dy - a):
// grad_gamma = m invstd (c - b p), and
// grad_x = ddgamma invstd (dy - a - xhat b) - gamma invstd^2
//          [xhat c + (dy - a) p + (u - mean u) b - 3 xhat b p].
Wide Facts::second_order(Output output, const Choice& choice, Eigen::Index c,
                         std::int64_t k, Wide xhat, Wide gamma,
                         Wide invstd) const {
  const Sums& s = sums(Values::all, c);
  const Wide m = divisor(choice.get<Count>(Slot::dy_count));
  const Wide mean_u = s.dy / m;
  const Wide mean_dy = s.second_dy / m;
  const Wide u_xhat = s.dy_x * invstd / m;
  const Wide dy_xhat = s.second_dy_x * invstd / m;
  const Wide u_dy = s.u_dy / m - mean_u * mean_dy;
  const auto in = [&](Slot slot, Wide value) {
    return times(choice.get<Factor>(slot), value, gamma, invstd);
  };
  if (output == Output::grad_gamma) {
    return pass_.m * invstd *
           (in(Slot::of_u_dy, u_dy) - in(Slot::of_product, dy_xhat * u_xhat));
  }
  const Wide dy = pass_.dy(k, c) - mean_dy;
  const Wide u = pass_.u(k, c) - mean_u;
  const Wide product = xhat * dy_xhat * u_xhat;
  // What a fault in one of the three terms adds.
  const auto excess = [&](Slot slot, Wide term) {
    return in(slot, term) - term;
  };
  const Wide cubic =
      in(Slot::of_u_dy, xhat * u_dy) + in(Slot::of_u_xhat, dy * u_xhat) +
      in(Slot::of_dy_xhat, u * dy_xhat) - in(Slot::of_product, 3 * product) +
      excess(Slot::of_u_g, xhat * u_dy - product) +
      excess(Slot::of_g, dy * u_xhat - product) +
      excess(Slot::of_h, u * dy_xhat - product);
  return in(Slot::along_gamma,
            pass_.along_gamma(c) * invstd * (dy - xhat * dy_xhat)) -
         gamma * invstd * invstd * cubic;
}

// y, if `zero` is subtracted from x.
Wide Facts::normalized(const Choice& choice, Wide zero, Wide invstd, Wide gamma,
                       Wide beta, Wide x) const {
  const Wide scale = gamma * invstd;
  const Wide shift = beta - zero * scale;
  const Wide kept_shift = kept(choice, Kept::shift, shift);
  if (kept_shift != shift) return scale * x + kept_shift;
  const Wide deviation = kept(choice, Kept::deviation, x - zero);
  const Wide kept_scale = kept(choice, Kept::scale, scale);
  if (kept_scale != scale) return kept_scale * deviation + beta;
  const Wide xhat = kept(choice, Kept::xhat, deviation * invstd);
  return kept(choice, Kept::product, gamma * xhat) + beta;
}

// Without what is done to the result. `k` is the place of a value in its
// channel, `i` that in memory.
Wide Facts::plain(Output output, const Choice& choice, Eigen::Index c,
                  std::int64_t k, std::int64_t i, Wide& invstd) const {
  Statistics s = statistics(output, choice, c);
  switch (output) {
    case Output::mean:
      return s.mean;
    case Output::var:
      return regularized(output, choice, s);
    case Output::running_mean:
    case Output::running_var:
      return running(output, choice, s, c);
    case Output::dbeta:
      return sums(choice.get<Values>(Slot::dy_values), c).dy;
    default:
      break;
  }
  s.mean = kept(choice, Kept::mean, s.mean);
  s.var = kept(choice, Kept::var, s.var);
  invstd =
      kept(choice, Kept::invstd, power(choice, regularized(output, choice, s)));
  if (output == Output::invstd) return invstd;
  const Wide zero = centre(choice, s, c);
  const auto parameter_of = [&](Slot slot) {
    return parameter(slot == Slot::gamma, choice.get<Parameter>(slot), c, i,
                     invstd);
  };
  if (output == Output::y) {
    return normalized(choice, zero, invstd, parameter_of(Slot::gamma),
                      parameter_of(Slot::beta), pass_.x(k, c));
  }
  const Sums& of_dy = sums(choice.get<Values>(Slot::dy_values), c);
  const Wide dgamma = (of_dy.dy_x + (pass_.mean(c) - zero) * of_dy.dy) * invstd;
  if (output == Output::dgamma) return dgamma;
  const Wide gamma = parameter_of(Slot::gamma);
  const Wide xhat =
      kept(choice, Kept::xhat,
           kept(choice, Kept::deviation, pass_.x(k, c) - zero) * invstd);
  if (output == Output::grad_x || output == Output::grad_gamma) {
    return second_order(output, choice, c, k, xhat, gamma, invstd);
  }
  const Wide one_over_m = kept(choice, Kept::one_over_m,
                               1 / divisor(choice.get<Count>(Slot::dy_count)));
  // A sum without a factor may be infinite.
  const auto times_sum = [&](Slot slot, Wide sum) {
    const Wide factor = term(choice.get<Term>(slot), one_over_m, gamma, invstd);
    return factor == 0 ? 0 : kept(choice, Kept::means, factor * sum);
  };
  const auto kept_sum = [&](Kept which, Wide sum) {
    return kept(choice, which, kept(choice, Kept::sums, sum));
  };
  const Wide of_dbeta =
      times_sum(Slot::from_dbeta, kept_sum(Kept::dbeta, of_dy.dy));
  const Wide of_dgamma =
      times_sum(Slot::from_dgamma, kept_sum(Kept::dgamma, dgamma));
  const Wide projected =
      kept(choice, Kept::scale, gamma * invstd) *
      kept(choice, Kept::bracket, factor()(k, c) - of_dbeta - xhat * of_dgamma);
  if (output == Output::dx) return projected;
  const auto in = [&](Slot slot, Wide value) {
    return times(choice.get<Factor>(slot), value, gamma, invstd);
  };
  return projected + in(Slot::along_gamma, pass_.along_gamma(c) * xhat) +
         in(Slot::along_beta, pass_.along_beta(c));
}

// The value that belongs to the transposed place, if planes are squares.
Wide Facts::transposed(Output output, const Choice& choice,
                       std::int64_t i) const {
  const Shape& shape = pass_.problem.x().shape();
  const std::size_t rank = shape.size();
  if (!shaped_like_x(output) || rank < 4 ||
      shape[rank - 1] != shape[rank - 2] ||
      pass_.problem.channel_axis >= static_cast<int>(rank) - 2) {
    return kNaN;
  }
  const std::int64_t n = shape[rank - 1];
  const std::int64_t plane = i / (n * n) * (n * n);
  const Choice rest = choice.with(Slot::result, Result::as_defined);
  return value(output, rest, plane + i % n * n + i / n % n);
}

Wide Facts::value(Output output, const Choice& choice, std::int64_t i) const {
  const bool like_x = shaped_like_x(output);
  const Eigen::Index c = like_x ? pass_.view.channel(i) : i;
  const std::int64_t inner = pass_.view.inner;
  const std::int64_t k =
      like_x ? i / (inner * pass_.view.channels) * inner + i % inner : 0;
  Wide invstd = kNaN;
  const Wide v = plain(output, choice, c, k, i, invstd);
  const auto samples = static_cast<Wide>(pass_.view.outer);
  switch (choice.get<Result>(Slot::result)) {
    case Result::as_defined:
      return v;
    case Result::zero:
      return 0;
    case Result::negative:
      return -v;
    case Result::twice:
      return 2 * v;
    case Result::half:
      return v / 2;
    case Result::times_m:
      return v * pass_.m;
    case Result::over_m:
      return v / pass_.m;
    case Result::times_samples:
      return v * samples;
    case Result::over_samples:
      return v / samples;
    case Result::with_gamma:
      return v * pass_.gamma(c);
    case Result::with_invstd:
      return v * invstd;
    case Result::with_std:
      return v / invstd;
    case Result::magnitude:
      return std::fabs(v);
    case Result::relu:
      return std::max(v, Wide{0});
    case Result::leaky_relu_of_hundredth:
      return v < 0 ? v * 0.01L : v;
    case Result::leaky_relu_of_tenth:
      return v < 0 ? v * 0.1L : v;
    case Result::leaky_relu_of_fifth:
      return v < 0 ? v * 0.2L : v;
    case Result::relu6:
      return std::clamp(v, Wide{0}, Wide{6});
    case Result::sigmoid:
      return sigmoid(v);
    case Result::tanh:
      return std::tanh(v);
    case Result::silu:
      return v * sigmoid(v);
    case Result::gelu:
      return v / 2 * std::erfc(-v / std::sqrt(Wide{2}));
    case Result::gelu_by_tanh:
      return v * sigmoid(2 * std::sqrt(2 / std::numbers::pi_v<Wide>) *
                         (v + 0.044715L * v * v * v));
    case Result::elu:
      return v < 0 ? std::expm1(v) : v;
    case Result::softplus:
      return std::max(v, Wide{0}) + std::log1p(std::exp(-std::fabs(v)));
    case Result::hardswish:
      return v * std::clamp((v + 3) / 6, Wide{0}, Wide{1});
    case Result::squared:
      return v * v;
    case Result::rooted:
      return std::sqrt(v);
    case Result::inverse:
      return 1 / v;
    case Result::is_old:
      return output == Output::running_mean  ? pass_.old_mean(c)
             : output == Output::running_var ? pass_.old_var(c)
                                             : kNaN;
    case Result::is_x:
      return like_x ? pass_.x(k, c) : kNaN;
    case Result::is_dy:
      return like_x && pass_.dy.size() != 0 ? pass_.dy(k, c) : kNaN;
    case Result::transposed:
      return transposed(output, choice, i);
    case Result::is_xhat:
      return like_x ? (pass_.x(k, c) - pass_.mean(c)) * invstd : kNaN;
  }
  return kNaN;
}

}  // namespace exactbn::formula
