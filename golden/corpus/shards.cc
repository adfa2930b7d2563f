// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <numeric>

#include "golden/corpus.h"

namespace exactbn {

using namespace suite;

namespace {

// Samples in shards whose means drift apart: equal weights for unequal shards
// give a different mean.
void add_shards(Corpus& corpus, Operation operation, DType dtype,
                const std::vector<int>& sizes) {
  const int samples = std::accumulate(sizes.begin(), sizes.end(), 0);
  Problem p = corpus.draw("UnequalShards", operation, dtype, {samples, 2});
  Tensor& x = p.inputs.at(Input::x);
  std::int64_t i = 0;
  double drift = 0;
  std::string text;
  for (const int size : sizes) {
    for (const std::int64_t end = i + std::int64_t{2} * size; i < end; ++i) {
      x.set_bits(i, round_to(x.value(i) + drift, dtype));
    }
    drift += 4;
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  }
  corpus.add(std::move(p),
             fmt::format("One batch of shards of {} samples, whose means drift "
                         "apart by 4.",
                         text),
             {"UnequalShards"});
}

}  // namespace

void add_unequal_shards(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Operation operation : kOperations) {
      if (!normalizes_by_batch(operation)) continue;
      add_shards(corpus, operation, dtype, {1, 7});
      add_shards(corpus, operation, dtype, {2, 3, 5});
      add_shards(corpus, operation, dtype, {1, 1, 6});
    }
  }
}

}  // namespace exactbn
