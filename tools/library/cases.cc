// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "golden/suite.h"
#include "oracles/printable.h"
#include "properties/draw/problem.h"
#include "tools/library/array.h"
#include "tools/library/entry.h"
#include "tools/library/question.h"

namespace exactbn {

namespace {

// Cases are copied: their arrays belong to the result.
void add_case(exactbn_result& result, const Case& c) {
  exactbn_result::Case& added = result.cases.emplace_back();
  added.question = c;
  added.labels = fmt::format("{}", fmt::join(c.labels, ", "));
}

// When the cases no longer move.
void set_questions(exactbn_result& result) {
  for (exactbn_result::Case& c : result.cases) {
    c.as_c = question_of(c.question, c.inputs);
  }
}

// It takes a tenth of a second.
const std::vector<Case>& core() {
  static const std::vector<Case> cases = core_suite();
  return cases;
}

Profile profile_of(const char* name) {
  if (!name) return Profile::usual;
  if (const auto profile = parse_profile(name)) return *profile;
  throw InvalidArgument(
      fmt::format("profile: unknown profile '{}'; expected small, usual, large",
                  shortened(name)));
}

constexpr std::uint64_t kMostDrawn = 1'000'000;

}  // namespace
}  // namespace exactbn

extern "C" {

exactbn_result* exactbn_suite(const char* operation, const char* dtype) {
  using namespace exactbn;
  return new_result([&](exactbn_result& result) {
    const auto only =
        operation ? std::optional(operation_of(operation)) : std::nullopt;
    const auto of_x =
        dtype ? std::optional(dtype_of(dtype, "dtype")) : std::nullopt;
    for (const Case& c : core()) {
      if (only && c.problem.operation != *only) continue;
      if (of_x && c.problem.x().dtype() != *of_x) continue;
      add_case(result, c);
    }
    set_questions(result);
  });
}

exactbn_result* exactbn_draw(const char* operation, const char* dtype,
                             const char* profile, uint64_t seed, uint64_t first,
                             uint64_t count) {
  using namespace exactbn;
  return new_result([&](exactbn_result& result) {
    DrawOptions options;
    options.profile = profile_of(profile);
    if (operation) options.operations = {operation_of(operation)};
    if (dtype) options.dtypes = {dtype_of(dtype, "dtype")};
    if (count > kMostDrawn || first > UINT64_MAX - count) {
      throw InvalidArgument(
          fmt::format("count: {}, expected at most {}", count, kMostDrawn));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      add_case(result, {fmt::format("draw-{}-{}", seed, first + i),
                        draw_case(options, seed, first + i).problem,
                        {}});
    }
    set_questions(result);
  });
}

size_t exactbn_case_count(const exactbn_result* result) {
  return result ? result->cases.size() : 0;
}

int exactbn_case_question(const exactbn_result* result, size_t i,
                          exactbn_question* to) {
  if (!result || !to || i >= result->cases.size()) return EXACTBN_INVALID;
  *to = result->cases[i].as_c;
  return EXACTBN_OK;
}

const char* exactbn_case_labels(const exactbn_result* result, size_t i) {
  if (!result || i >= result->cases.size()) return "";
  return result->cases[i].labels.c_str();
}

}  // extern "C"
