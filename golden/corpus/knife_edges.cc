// SPDX-License-Identifier: Apache-2.0
#include "golden/corpus.h"

namespace exactbn {

using namespace suite;

namespace {

// xhat is -1 and 1; beta makes y 0, or misses 0 by an ulp on either side.
void add_edge(Corpus& corpus, Operation operation, DType dtype, double gamma,
              double beta, const char* comment) {
  Problem p = corpus.draw("ReluKnifeEdge", operation, dtype, {2, 1});
  const double mean = 3;
  const double deviation = 2;
  set(p, Input::x, {mean - deviation, mean + deviation});
  set(p, Input::running_mean, {mean});
  set(p, Input::running_var, {deviation * deviation});
  set(p, Input::gamma, {gamma});
  set(p, Input::beta, {beta});
  p.epsilon = 0;
  corpus.add(std::move(p), comment, {"ReluKnifeEdge", "EpsilonZero"});
}

}  // namespace

void add_knife_edges(Corpus& corpus) {
  using enum Operation;
  for (const DType dtype : kSuiteDTypes) {
    // f16 and bf16 cases have parameters in f32.
    const double ulp =
        2 * format(dtype == DType::f64 ? dtype : DType::f32).unit_roundoff();
    for (const Operation operation : {forward_training, forward_inference}) {
      add_edge(corpus, operation, dtype, 1.5, 1.5,
               "y is exactly 0 and 3: a ReLU is at its edge.");
      add_edge(corpus, operation, dtype, 1.5, -1.5,
               "y is exactly -3 and 0: a ReLU is at its edge.");
      add_edge(corpus, operation, dtype, 1.5, 1.5 + ulp,
               "y is an ulp of beta above 0, and must not become 0.");
      add_edge(corpus, operation, dtype, 1.5, 1.5 - ulp,
               "y is an ulp of beta below 0, and must not become 0.");
      add_edge(corpus, operation, dtype, -1.25, 1.25,
               "gamma is negative; y is 5/2 and exactly 0.");

      Problem p = corpus.draw("ReluKnifeEdge", operation, dtype, {3, 1});
      set(p, Input::x, {0.5, 1.5, 2.5});
      set(p, Input::running_mean, {1.5});
      set(p, Input::beta, {0});
      corpus.add(std::move(p), "The second x is the mean: y is exactly 0.",
                 {"ReluKnifeEdge"});
    }
  }
}

}  // namespace exactbn
