// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "golden/corpus.h"
#include "oracles/format_names.h"

namespace exactbn {

using namespace suite;

namespace {

struct Layout {
  Shape shape;
  int channel_axis;
  const char* label;
};

// Small primes, distinct where possible. edges.cc has one value a channel.
const Layout kLayouts[] = {
    {{2, 3, 5}, 1, "PrimeShape"},
    {{3, 5, 2}, 2, "ChannelsLast"},
    {{5, 3}, 1, "OtherRank"},
    {{2, 3, 1, 5}, 1, "PrimeShape"},
    {{2, 1, 5, 3}, 3, "ChannelsLast"},
    {{2, 2, 1, 3, 2}, 1, "OtherRank"},
    {{2, 1, 3, 1, 2}, 4, "ChannelsLast"},
    {{3, 2, 5}, 0, "ChannelsFirst"},
    {{7, 1}, 1, "SingleChannel"},
    {{1, 2, 3, 3}, 1, "OddSpatial"},
    {{1, 7, 2}, 1, "PrimeShape"},
};

void add_tails(Corpus& corpus, DType dtype) {
  using enum Operation;
  for (const std::int64_t m : {3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33}) {
    const std::string comment = fmt::format(
        "{} values in a channel, beside a block of a power of 2.", m);
    for (const Operation operation : {forward_training, backward_training}) {
      corpus.add(corpus.draw("BlockTail", operation, dtype, {m, 1}), comment,
                 {"BlockTail"});
    }
  }
}

// Each optional parameter absent, one at a time.
void add_absent(Corpus& corpus, Operation operation, DType dtype) {
  const Problem whole = corpus.draw("Absent", operation, dtype, {3, 2, 2});
  for (const Input name : traits(operation).optional) {
    if (name == Input::running_mean || name == Input::running_var) continue;
    Problem p = whole;
    p.inputs.erase(name);
    const std::string label = name == Input::gamma  ? "NoGamma"
                              : name == Input::beta ? "NoBeta"
                                                    : "NoDirection";
    corpus.add(std::move(p), fmt::format("{} is absent.", name), {label});
  }
}

}  // namespace

void add_layouts(Corpus& corpus) {
  for (const DType dtype : kSuiteDTypes) {
    for (const Operation operation : kOperations) {
      for (const auto& [shape, channel_axis, label] : kLayouts) {
        corpus.add(
            corpus.draw(label, operation, dtype, shape, channel_axis),
            fmt::format("Ordinary values of shape {}, channels along axis {}.",
                        to_string(shape), channel_axis),
            {label});
      }
      add_absent(corpus, operation, dtype);
    }
    add_tails(corpus, dtype);
  }
}

}  // namespace exactbn
