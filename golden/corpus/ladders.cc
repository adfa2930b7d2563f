// SPDX-License-Identifier: Apache-2.0
// Families that approach, step by step, the point where a kernel breaks.
#include <fmt/format.h>

#include <cmath>

#include "golden/corpus.h"
#include "oracles/format_names.h"

namespace exactbn {

using namespace suite;

namespace {

using enum Operation;

constexpr int kMaxLogKappa = 22;

// Six values within about 1 of 2^k, exact in formats that hold quarters there.
void add_cancellation(Corpus& corpus, Operation operation, DType dtype, int k) {
  Problem p = corpus.draw("CancellationLadder", operation, dtype, {6, 1});
  const double mean = std::ldexp(1.0, k);
  set(p, Input::x,
      {mean - 1, mean + 1.5, mean - 1.25, mean + 0.5, mean - 0.75, mean + 1});
  corpus.add(std::move(p),
             fmt::format("Deviations of about 1 around a mean of 2^{}: kappa "
                         "is about 2^{}.",
                         k, k),
             {"CancellationLadder"});
}

// A sum in the format of x stops at its first term.
void add_stall(Corpus& corpus, Operation operation, DType dtype) {
  Problem p = corpus.draw("AccumulationStall", operation, dtype, {16, 1});
  const double first = std::ldexp(1.0, format(dtype).precision);
  std::vector<double> values(16, 1);
  values[0] = first;
  const Input input = operation == forward_training ? Input::x : Input::dy;
  set(p, input, values);
  corpus.add(std::move(p),
             fmt::format("{} is 2^{} and then fifteen ones, each of them half "
                         "an ulp of the sum.",
                         input, format(dtype).precision),
             {"AccumulationStall"});
}

void add_scale(Corpus& corpus, Operation operation, DType dtype, int k) {
  Problem p = corpus.draw("ScaleLadder", operation, dtype, {2, 2, 2});
  rescale(p, std::ldexp(1.0, k));
  p.epsilon = 0;
  corpus.add(std::move(p),
             fmt::format("Ordinary values times 2^{}, and epsilon 0: y is the "
                         "same for all k.",
                         k),
             {"ScaleLadder", "EpsilonZero"});
}

}  // namespace

void add_ladders(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    const int last = std::min(kMaxLogKappa, format(dtype).precision - 3);
    for (int k = 0; k <= last; ++k) {
      for (const Operation operation : kOperations) {
        if (!normalizes_by_batch(operation)) continue;
        // Second-order operations take every fourth step.
        const bool first_order =
            operation == forward_training || operation == backward_training;
        if (first_order || k % 4 == 0) {
          add_cancellation(corpus, operation, dtype, k);
        }
      }
    }
    if (dtype != DType::f64) {
      add_stall(corpus, forward_training, dtype);
      add_stall(corpus, backward_training, dtype);
    }
    // Squares stay in the range of the format.
    const int largest = format(dtype).emax / 2 - 4;
    for (const int k : {-largest, -largest / 2, largest / 2, largest}) {
      add_scale(corpus, forward_training, dtype, k);
      add_scale(corpus, forward_inference, dtype, k);
    }
  }
}

}  // namespace exactbn
