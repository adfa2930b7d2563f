// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "golden/vector/file.h"
#include "golden/vector/prove.h"
#include "golden/vector/round_up.h"
#include "oracles/format_names.h"
#include "oracles/wire/json_line.h"

namespace exactbn {

namespace {

std::string differ(std::string_view path, std::string_view given,
                   std::string_view proved) {
  return fmt::format("{}: {}, proved {}", path, wire::brief(given),
                     wire::brief(proved));
}

// Compares two lists of equal length; `text` prints an element.
template <class List, class Text>
std::string lists_differ(const std::string& path, const List& given,
                         const List& proved, Text text) {
  for (std::size_t i = 0; i < proved.size(); ++i) {
    if (given[i] == proved[i]) continue;
    return differ(fmt::format("{}[{}]", path, i), text(given[i]),
                  text(proved[i]));
  }
  return {};
}

std::string text_of(const Residual& r) {
  return fmt::format("{}{:016x}", r.negative ? '-' : '+', r.size);
}

std::string tensors_differ(const std::string& path, const Tensor& given,
                           const Tensor& proved) {
  const DType dtype = proved.dtype();
  if (given.dtype() != dtype || given.shape() != proved.shape()) {
    const auto text = [](const Tensor& t) {
      return fmt::format("{} {}", format(t.dtype()).name, to_string(t.shape()));
    };
    return differ(path, text(given), text(proved));
  }
  for (std::int64_t i = 0; i < proved.size(); ++i) {
    if (given.bits(i) == proved.bits(i)) continue;
    return differ(fmt::format("{}.bits[{}]", path, i),
                  to_hex(given.bits(i), dtype), to_hex(proved.bits(i), dtype));
  }
  return {};
}

std::string outputs_differ(const std::string& path, const ExpectedOutput& given,
                           const ExpectedOutput& proved) {
  std::string found = tensors_differ(path, given.values, proved.values);
  if (found.empty()) {
    found = lists_differ(path + ".residual", given.residuals, proved.residuals,
                         text_of);
  }
  if (found.empty() && given.eta_limit != proved.eta_limit) {
    found = differ(path + ".eta_limit", fmt::to_string(given.eta_limit),
                   fmt::to_string(proved.eta_limit));
  }
  if (found.empty()) {
    found = lists_differ(path + ".eta_limit_unit", given.units, proved.units,
                         three_digits);
  }
  if (found.empty()) {
    found = lists_differ(path + ".judged", given.judged, proved.judged,
                         [](Judged j) { return std::string(1, letter(j)); });
  }
  if (found.empty()) {
    found = lists_differ(path + ".exact", given.exact, proved.exact,
                         [](const std::string& s) { return s; });
  }
  return found;
}

// The first name that only one map has, else the first values that differ.
template <class Map, class Differ>
std::string maps_differ(const std::string& path, const Map& given,
                        const Map& proved, Differ values_differ) {
  for (const auto& [name, value] : given) {
    if (!proved.contains(name)) {
      return fmt::format("{}{}: not expected", path, name);
    }
  }
  for (const auto& [name, value] : proved) {
    const auto it = given.find(name);
    const std::string place = fmt::format("{}{}", path, name);
    if (it == given.end()) return place + ": missing";
    std::string found = values_differ(place, it->second, value);
    if (!found.empty()) return found;
  }
  return {};
}

std::string expected_differ(const std::string& path, const Expected& given,
                            const Expected& proved) {
  if (given.reject != proved.reject) {
    return differ(path + ".reject", wire::json_quoted(given.reject),
                  wire::json_quoted(proved.reject));
  }
  return maps_differ(path + '.', given.outputs, proved.outputs, outputs_differ);
}

std::string dialects_differ(const std::optional<Dialect>& given,
                            const std::optional<Dialect>& proved) {
  if (given.has_value() != proved.has_value()) {
    return given ? "dialect: not expected" : "dialect: missing";
  }
  if (!given) return {};
  const auto text = [](const std::optional<double>& momentum) {
    return momentum
               ? to_hex(std::bit_cast<std::uint64_t>(*momentum), DType::f64)
               : "null";
  };
  if (text(given->momentum) != text(proved->momentum)) {
    return differ("dialect.momentum", text(given->momentum),
                  text(proved->momentum));
  }
  return maps_differ("dialect.", given->outputs, proved->outputs,
                     outputs_differ);
}

}  // namespace

std::string difference(const Vector& given, const Vector& proved) {
  if (given.question.id != proved.question.id) {
    return differ("id", given.question.id, proved.question.id);
  }
  std::string found =
      expected_differ("expected", given.expected, proved.expected);
  if (!found.empty()) return found;
  found = maps_differ("variation:", given.variations, proved.variations,
                      expected_differ);
  return found.empty() ? dialects_differ(given.dialect, proved.dialect) : found;
}

}  // namespace exactbn
