// SPDX-License-Identifier: Apache-2.0
#include "properties/shrink.h"

#include <algorithm>
#include <array>

#include "properties/draw/transform.h"
#include "properties/shrink/simpler_value.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

class Shrinker {
 public:
  Shrinker(const Problem& problem, const StillFails& still_fails,
           const ShrinkLimit& limit)
      : best_(problem),
        still_fails_(still_fails),
        left_(limit.evaluations),
        end_(std::chrono::steady_clock::now() + limit.time) {}

  Shrunk run(int evaluations) {
    bool smaller = true;
    while (smaller && !is_over()) {
      smaller = drop_inputs();
      smaller = drop_channels() || smaller;
      smaller = drop_positions() || smaller;
      smaller = flatten() || smaller;
      smaller = simplify_parameters() || smaller;
      smaller = simplify_values() || smaller;
    }
    return {std::move(best_), evaluations - left_};
  }

 private:
  bool is_over() const {
    return left_ <= 0 || std::chrono::steady_clock::now() >= end_;
  }

  bool accept(Problem candidate) {
    if (is_over()) return false;
    --left_;
    if (!still_fails(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // An absent gamma is 1, the others 0.
  bool drop_inputs() {
    bool any = false;
    for (const Input name : traits(best_.operation).optional) {
      if (best_.find(name)) any = accept(without(best_, {name})) || any;
    }
    return any;
  }

  // Only channels [first, first + count), on the same axis.
  Problem channels(std::int64_t first, std::int64_t count) const {
    Problem p = best_;
    Shape shape = best_.x().shape();
    shape[static_cast<std::size_t>(best_.channel_axis)] = count;
    const ChannelView to(shape, best_.channel_axis);
    const ChannelView from = best_.view();
    for (auto& [name, tensor] : p.inputs) {
      const Tensor& old = best_.inputs.at(name);
      const bool like_x = shaped_like_x(name);
      tensor = Tensor(old.dtype(), like_x ? shape : Shape{count});
      for (std::int64_t c = 0; c < count; ++c) {
        if (!like_x) tensor.set_bits(c, old.bits(first + c));
        for (std::int64_t k = 0; like_x && k < to.count(); ++k) {
          tensor.set_bits(to.offset(c, k), old.bits(from.offset(first + c, k)));
        }
      }
    }
    return p;
  }

  // Keeps channels at either end, fewest first.
  bool drop_channels() {
    bool any = false;
    for (bool smaller = true; smaller && !is_over();) {
      smaller = false;
      const std::int64_t n = best_.view().channels;
      for (const std::int64_t count : sizes_below(n)) {
        smaller =
            accept(channels(0, count)) || accept(channels(n - count, count));
        if (smaller) break;
      }
      any = any || smaller;
    }
    return any;
  }

  // Sizes to try instead of n, smallest first.
  static std::vector<std::int64_t> sizes_below(std::int64_t n) {
    std::vector<std::int64_t> sizes;
    for (const std::int64_t size :
         {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, n / 4, n / 2,
          n - n / 4, n - 3, n - 2, n - 1}) {
      if (size >= 1 && size < n) sizes.push_back(size);
    }
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    return sizes;
  }

  // Only indices [first, first + count) of an axis other than the channel axis.
  Problem slice(std::size_t axis, std::int64_t first,
                std::int64_t count) const {
    Problem p = best_;
    const Shape& old = best_.x().shape();
    Shape shape = old;
    shape[axis] = count;
    std::int64_t inner = 1;
    for (std::size_t k = axis + 1; k < old.size(); ++k) inner *= old[k];
    for (auto& [name, tensor] : p.inputs) {
      if (!shaped_like_x(name)) continue;
      const Tensor& from = best_.inputs.at(name);
      tensor = Tensor(from.dtype(), shape);
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        const std::int64_t outer = i / (count * inner);
        const std::int64_t at = i / inner % count + first;
        tensor.set_bits(
            i, from.bits((outer * old[axis] + at) * inner + i % inner));
      }
    }
    return p;
  }

  Problem without_position(std::int64_t position) const {
    std::vector<std::int64_t> kept;
    for (std::int64_t k = 0; k < best_.view().count(); ++k) {
      if (k != position) kept.push_back(k);
    }
    return restricted(best_, kept).problem;
  }

  bool drop_positions() {
    bool any = false;
    for (std::size_t axis = 0; axis < best_.x().shape().size(); ++axis) {
      if (static_cast<int>(axis) == best_.channel_axis) continue;
      for (bool smaller = true; smaller && !is_over();) {
        smaller = false;
        const std::int64_t n = best_.x().shape()[axis];
        for (const std::int64_t count : sizes_below(n)) {
          smaller = accept(slice(axis, 0, count)) ||
                    accept(slice(axis, n - count, count));
          if (smaller) break;
        }
        any = any || smaller;
      }
    }
    return any;
  }

  // Reshapes to a matrix with the channels second, then drops single rows.
  bool flatten() {
    const ChannelView view = best_.view();
    std::vector<std::int64_t> all;
    for (std::int64_t k = 0; k < view.count(); ++k) all.push_back(k);
    bool any = false;
    const bool is_matrix =
        best_.x().shape().size() == 2 && best_.channel_axis == 1;
    if (!is_matrix && !accept(restricted(best_, all).problem)) return false;
    any = !is_matrix;
    constexpr std::int64_t kMost = 128;
    for (std::int64_t k = 0; k < best_.view().count() && !is_over();) {
      if (best_.view().count() > kMost || best_.view().count() < 2) break;
      if (accept(without_position(k))) {
        any = true;
      } else {
        ++k;
      }
    }
    return any;
  }

  bool simplify_parameters() {
    bool any = false;
    const auto try_epsilon = [&](double epsilon) {
      Problem p = best_;
      p.epsilon = epsilon;
      return accept(std::move(p));
    };
    const std::array epsilons = {1.0, 0.0, static_cast<double>(1e-5F)};
    for (const double epsilon : epsilons) {
      if (best_.epsilon == epsilon) break;
      if (try_epsilon(epsilon)) {
        any = true;
        break;
      }
    }
    if (best_.momentum != 0.5) {
      Problem p = best_;
      p.momentum = 0.5;
      p.batches_tracked = 0;
      // Succeeds where momentum has no effect.
      if (accept(std::move(p))) any = true;
    }
    if (best_.batches_tracked != 0) {
      Problem p = best_;
      p.batches_tracked = 0;
      any = accept(std::move(p)) || any;
    }
    return any;
  }

  // Simplifies all values of an input at once, then each.
  bool simplify_values() {
    bool any = false;
    InputNames names;
    for (const auto& [name, tensor] : best_.inputs) names.push_back(name);
    for (const Input name : names) {
      const Tensor& tensor = best_.inputs.at(name);
      const bool is_large = tensor.size() > 64;
      for (const double value : {0.0, 1.0}) {
        Problem p = best_;
        p.inputs.at(name) = filled(tensor.dtype(), tensor.shape(), value);
        if (simpler(p, best_) && accept(std::move(p))) {
          any = true;
          break;
        }
      }
      const std::int64_t size = is_large ? 0 : best_.inputs.at(name).size();
      for (std::int64_t i = 0; i < size && !is_over(); ++i) {
        any = simplify(name, i) || any;
      }
    }
    return any;
  }

  static bool simpler(const Problem& a, const Problem& b) {
    return total(a) < total(b);
  }
  static std::int64_t total(const Problem& p) {
    std::int64_t sum = 0;
    for (const auto& [name, tensor] : p.inputs) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        sum += complexity(tensor.bits(i), tensor.dtype());
      }
    }
    return sum;
  }

  bool simplify(Input name, std::int64_t i) {
    bool any = false;
    for (bool smaller = true; smaller && !is_over();) {
      smaller = false;
      const Tensor& tensor = best_.inputs.at(name);
      for (const std::uint64_t bits :
           simpler_values(tensor.bits(i), tensor.dtype())) {
        Problem p = best_;
        p.inputs.at(name).set_bits(i, bits);
        smaller = accept(std::move(p));
        if (smaller) break;
      }
      any = any || smaller;
    }
    return any;
  }

  // May ask a subject.
  bool still_fails(const Problem& problem) const {
    const CallersEnvironment environment;
    return still_fails_(problem);
  }

  Problem best_;
  const StillFails& still_fails_;
  int left_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace

Shrunk shrink(const Problem& problem, const StillFails& still_fails,
              const ShrinkLimit& limit) {
  const StandardEnvironment environment;
  return Shrinker(problem, still_fails, limit).run(limit.evaluations);
}

std::int64_t value_count(const Problem& problem) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : problem.inputs) count += tensor.size();
  return count;
}

}  // namespace exactbn
