// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "golden/corpus.h"
#include "reference/conventions.h"
#include "reference/exact.h"

namespace exactbn {

using namespace suite;

namespace {

constexpr int kSteps = 3;

// Consecutive batches: each starts from the rounded running statistics of the
// one before.
void add_steps(Corpus& corpus, DType dtype, std::optional<double> momentum,
               const std::string& name) {
  std::optional<Problem> before;
  for (int step = 0; step < kSteps; ++step) {
    Problem p = corpus.draw(fmt::format("RunningSteps {} {}", name, step),
                            Operation::forward_training, dtype, {5, 2});
    p.momentum = momentum;
    p.batches_tracked = step;
    if (before) {
      const ExactBatchNorm exact(*before);
      for (const Output statistic :
           {Output::running_mean, Output::running_var}) {
        Tensor& tensor = p.inputs.at(*traits(statistic).updates);
        tensor = exact.rounded(statistic, tensor.dtype());
      }
    }
    before = p;
    corpus.add(std::move(p),
               fmt::format("Step {} of {} with {}; it starts from what the "
                           "step before left.",
                           step + 1, kSteps, name),
               {"RunningSteps"});
  }
}

}  // namespace

void add_running_steps(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Convention& convention : conventions()) {
      if (!convention.momentum) continue;
      // Rounded to f32, so that every implementation can be given it.
      const auto weight = static_cast<float>(
          converted_weight(convention, *convention.momentum));
      add_steps(corpus, dtype, double{weight},
                fmt::format("the default momentum of {}, which gives the new "
                            "statistic the weight {}",
                            convention.framework, weight));
    }
    add_steps(corpus, dtype, std::nullopt, "the cumulative average");
  }
}

}  // namespace exactbn
