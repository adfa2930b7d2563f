// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/words.h"

#include <fmt/ranges.h>

namespace exactbn::wire {

std::string_view word(Operation value) { return to_string(value); }

std::string_view word(Output value) { return to_string(value); }

std::string_view word(DType value) { return format(value).name; }

std::string_view word(OutputFormat value) {
  return value.as == OutputFormat::As::x            ? "same"
         : value.as == OutputFormat::As::parameters ? "parameters"
                                                    : word(value.dtype);
}

std::string_view word(Momentum value) {
  return value == Momentum::weight_of_new ? "weight_of_new" : "weight_of_old";
}

std::string_view word(RunningVariance value) {
  return value == RunningVariance::unbiased ? "unbiased" : "biased";
}

std::string_view word(SingleValue value) {
  return value == SingleValue::nan    ? "nan"
         : value == SingleValue::keep ? "keep"
                                      : "reject";
}

std::string_view word(ZeroVariance value) {
  return value == ZeroVariance::nan ? "nan" : "zero";
}

std::string_view word(Subnormals value) {
  return value == Subnormals::keep ? "keep" : "flush";
}

std::string_view word(Domain value) {
  return value == Domain::ordinary ? "ordinary" : "all";
}

std::string_view word(StoreRounding value) {
  return value == StoreRounding::nearest       ? "nearest"
         : value == StoreRounding::toward_zero ? "toward_zero"
         : value == StoreRounding::away        ? "away"
         : value == StoreRounding::up          ? "up"
         : value == StoreRounding::down        ? "down"
                                               : "stochastic";
}

std::string_view word(Answer::Kind value) {
  return value == Answer::Kind::outputs       ? "outputs"
         : value == Answer::Kind::unsupported ? "unsupported"
         : value == Answer::Kind::rejected    ? "rejected"
                                              : "error";
}

void refuse_word(std::string_view path, std::string_view given,
                 const std::vector<std::string_view>& known) {
  refuse(path, fmt::format("{} is not one of {}", brief(json_quoted(given)),
                           fmt::join(known, ", ")));
}

}  // namespace exactbn::wire
