// SPDX-License-Identifier: Apache-2.0
#include "reference/draw/midpoints.h"

#include <fmt/format.h>

#include "golden/corpus.h"
#include "oracles/format_names.h"
#include "reference/draw/near_midpoints.h"

namespace exactbn {

using namespace suite;

namespace {

// running_var_biased is running_var in some conventions, not an output itself.
std::string_view output_of(const TieProblem& tie) {
  return tie.output == Output::running_var_biased ? "the biased running_var"
                                                  : to_string(tie.output);
}

void add_tie(Corpus& corpus, TieProblem tie) {
  const Midpoint& m = tie.midpoint;
  std::string comment = fmt::format(
      "Element {} of {} is midway between {} and the next.", tie.index,
      output_of(tie), to_hexfloat(m.bits(false), m.dtype));
  corpus.add(std::move(tie.problem), std::move(comment), {"RoundingTie"});
}

void add_hard(Corpus& corpus, HardProblem hard) {
  const Midpoint& m = hard.midpoint;
  std::string comment = fmt::format(
      "Element {} of {} is within 2^-100 of the midpoint of {} and the next, "
      "and {} it.",
      hard.index, hard.output, to_hexfloat(m.bits(false), m.dtype),
      hard.beyond ? "beyond" : "short of");
  corpus.add(std::move(hard.problem), std::move(comment), {"HardToRound"});
}

}  // namespace

void add_midpoints(Corpus& corpus) {
  Draw draw(corpus.seed());
  for (const DType dtype : kSuiteDTypes) {
    for (int trial = 0; trial < 3; ++trial) {
      for (const auto make : {ties_of_y, ties_of_any_y, ties_of_sums,
                              ties_of_gradients, ties_of_variance}) {
        for (TieProblem& tie : make(draw, dtype)) {
          add_tie(corpus, std::move(tie));
        }
      }
      for (const auto make : {hard_by_epsilon, hard_y, hard_invstd}) {
        for (HardProblem& hard : make(draw, dtype)) {
          add_hard(corpus, std::move(hard));
        }
      }
    }
  }
}

}  // namespace exactbn
