// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "oracles/format_names.h"

namespace exactbn::formula {

namespace {

// A few values may agree by accident.
constexpr std::size_t kEnough = 6;
constexpr Wide kEnoughBits = 24;

bool is_value_of(Wide x, DType dtype) {
  const auto value = static_cast<double>(x);
  return to_double(round_to(value, dtype), dtype) == value;
}

// Each value has the digits of a shorter format, which 2 in 3 values of the
// format of the output have not.
std::string grid(std::span<const WrongValue> values) {
  for (const DType dtype :
       {DType::f8e5m2, DType::f8e4m3fn, DType::bf16, DType::f16, DType::f32}) {
    std::set<Wide> different;
    bool all = true;
    for (const WrongValue& v : values) {
      const bool shorter =
          format(dtype).precision + 2 < format(v.dtype).precision;
      all = all && shorter;
      if (!std::isfinite(v.got)) continue;
      all = all && is_value_of(v.got, dtype);
      if (v.got != 0) different.insert(std::fabs(v.got));
    }
    if (!all || different.size() < kEnough) continue;
    return fmt::format(
        "each wrong value is a number of {0}: something before the result is "
        "kept in {0}",
        format(dtype).name);
  }
  return {};
}

// Values beyond a bound that are all cut to it: of the result, or before the
// scale and shift.
std::string clip(Output output, std::span<const WrongValue> values) {
  for (const bool scaled : {false, true}) {
    const auto size = [&](const WrongValue& v, Wide x) {
      return scaled ? std::fabs((x - v.offset) / v.scale) : std::fabs(x);
    };
    if (scaled && output != Output::y) continue;
    const Wide bound = size(values[0], values[0].got);
    std::set<std::size_t> cases;
    bool all = std::isfinite(bound) && bound > 0;
    // How surprising it is that the others agree with the first.
    Wide bits = 0;
    for (const WrongValue& v : values) {
      const Wide rounding = ulp_of(static_cast<double>(v.got), v.dtype);
      const Wide slack =
          scaled ? (v.tolerance + rounding) / std::fabs(v.scale) : 0;
      const Wide most = slack + 1e-6L * bound;
      all = all && std::fabs(size(v, v.got) - bound) <= most &&
            size(v, v.right) >= bound;
      if (&v != values.data())
        bits += std::max(Wide{0}, std::log2(bound / most));
      cases.insert(v.place);
    }
    if (!all || bits < kEnoughBits || cases.size() < 2) continue;
    return fmt::format("{} is cut to between -{:.4g} and {:.4g}",
                       scaled ? "xhat" : std::string(to_string(output)),
                       static_cast<double>(bound), static_cast<double>(bound));
  }
  return {};
}

// Each wrong value is the right one times the same number.
std::string factor(Output output, std::span<const WrongValue> values) {
  std::optional<Wide> common;
  std::set<std::size_t> cases;
  Wide bits = 0;
  Wide best = 0;  // the least slack
  for (const WrongValue& v : values) {
    const Wide rounding = ulp_of(static_cast<double>(v.got), v.dtype);
    const Wide ratio = v.got / v.right;
    const Wide slack =
        (std::fabs(ratio) * v.tolerance + rounding) / std::fabs(v.right);
    if (!(slack < std::fabs(ratio) / 64)) continue;
    if (!common || slack < best) {
      if (common && std::fabs(*common - ratio) > slack + best) return {};
      common = ratio;
      best = slack;
    }
    if (std::fabs(*common - ratio) > slack + best) return {};
    bits += std::log2(std::fabs(ratio) / slack);
    cases.insert(v.place);
  }
  if (!common || cases.size() < 2 || bits < 2 * kEnoughBits) return {};
  return fmt::format("{} is {:.6g} times the right value", to_string(output),
                     static_cast<double>(*common));
}

// The part that 1/sqrt(var + eps) multiplies is off by a small factor that
// channels do not share, and their values do.
std::string estimate(Output output, std::span<const WrongValue> values) {
  if (output != Output::y && output != Output::invstd) return {};
  constexpr Wide kMost = 0x1p-7L;
  std::map<std::pair<std::size_t, std::int64_t>, Wide> of_channel;
  Wide largest = 0;
  for (const WrongValue& v : values) {
    const Wide part = v.right - v.offset;
    const Wide rounding = ulp_of(static_cast<double>(v.got), v.dtype);
    const Wide slack = (2 * v.tolerance + rounding) / std::fabs(part);
    if (!(slack < kMost / 8)) continue;
    const Wide factor = (v.got - v.offset) / part - 1;
    if (!(std::fabs(factor) < kMost)) return {};
    const auto [first, is_new] =
        of_channel.try_emplace({v.place, v.channel}, factor);
    if (!is_new && std::fabs(first->second - factor) > 2 * slack) return {};
    largest = std::max(largest, std::fabs(factor));
  }
  if (of_channel.size() < kEnough) return {};
  return fmt::format(
      "1/sqrt(var + eps) is off by up to {:.1g} of itself, in each channel by "
      "another factor: it is an estimate, such as one without a Newton step",
      static_cast<double>(largest));
}

}  // namespace

std::string fingerprint(Output output, std::span<const WrongValue> values,
                        bool everywhere) {
  if (values.empty()) return {};
  std::string text = grid(values);
  if (text.empty()) text = clip(output, values);
  if (text.empty()) text = factor(output, values);
  if (text.empty() && everywhere) text = estimate(output, values);
  return text;
}

}  // namespace exactbn::formula
