// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "oracles/subject.h"
#include "oracles/wire/json_fields.h"

namespace exactbn::wire {

// The word for a value in the wire format.
std::string_view word(Operation value);
std::string_view word(Output value);
std::string_view word(DType value);
std::string_view word(OutputFormat value);
std::string_view word(Momentum value);
std::string_view word(RunningVariance value);
std::string_view word(SingleValue value);
std::string_view word(ZeroVariance value);
std::string_view word(Subnormals value);
std::string_view word(Domain value);
std::string_view word(StoreRounding value);
std::string_view word(Answer::Kind value);

inline constexpr std::array kMomenta = {Momentum::weight_of_new,
                                        Momentum::weight_of_old};
inline constexpr std::array kRunningVariances = {RunningVariance::unbiased,
                                                 RunningVariance::biased};
inline constexpr std::array kSingleValues = {
    SingleValue::nan, SingleValue::keep, SingleValue::reject};
inline constexpr std::array kZeroVariances = {ZeroVariance::nan,
                                              ZeroVariance::zero};
inline constexpr std::array kSubnormals = {Subnormals::keep, Subnormals::flush};
inline constexpr std::array kDomains = {Domain::ordinary, Domain::all};
inline constexpr std::array kRoundings = {
    StoreRounding::nearest, StoreRounding::toward_zero,
    StoreRounding::away,    StoreRounding::up,
    StoreRounding::down,    StoreRounding::stochastic};

template <class List>
std::vector<std::string_view> words(const List& values) {
  std::vector<std::string_view> all;
  all.reserve(values.size());
  for (const auto value : values) all.push_back(word(value));
  return all;
}

[[noreturn]] void refuse_word(std::string_view path, std::string_view given,
                              const std::vector<std::string_view>& known);

// The value among `choices` that a word stands for.
template <class Value, std::size_t n>
Value choose(const json& given, std::string_view path,
             const std::array<Value, n>& choices) {
  const std::string& text = as_text(given, path);
  for (const Value choice : choices) {
    if (word(choice) == text) return choice;
  }
  refuse_word(path, text, words(choices));
}

}  // namespace exactbn::wire
