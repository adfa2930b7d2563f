// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

void add_everywhere(Suite& suite, const std::string& label, const Shape& shape,
                    int channel_axis = 1) {
  for (const Operation operation : kFirstOrder) {
    for (const DType dtype : kSuiteDTypes) {
      suite.add(suite.draw(label, operation, dtype, shape, channel_axis),
                {label});
    }
  }
}

void add_in(Suite& suite, DType dtype, const std::string& label,
            const Shape& shape, int channel_axis = 1) {
  for (const Operation operation : kFirstOrder) {
    suite.add(suite.draw(label, operation, dtype, shape, channel_axis),
              {label});
  }
}

// A sum that stalls: from 2^17 on, f32 cannot hold 2^-8.
void add_long_sum(Suite& suite) {
  Problem p = suite.draw("LongSum", Operation::forward_training, DType::f32,
                         {4, 1, 256, 256});
  set(p, Input::x, {1, 1 + 0x1p-8});
  suite.add(std::move(p), {"LongSum"});
}

}  // namespace

void add_shapes(Suite& suite) {
  using enum DType;
  add_everywhere(suite, "PrimeShape", {2, 3, 5, 7});
  add_everywhere(suite, "ChannelsLast", {2, 5, 7, 3}, 3);
  add_everywhere(suite, "OddSpatial", {4, 5, 3, 11});
  add_in(suite, f32, "OtherRank", {11, 5});
  add_in(suite, f64, "OtherRank", {3, 5, 7});
  add_in(suite, f32, "OtherRank", {2, 3, 5, 7, 2});
  add_in(suite, f16, "OtherRank", {13, 4, 3});
  add_in(suite, bf16, "OtherRank", {2, 3, 3, 2, 5});
  add_in(suite, f32, "ChannelsLast", {5, 7, 4}, 2);
  add_in(suite, f64, "ChannelsLast", {2, 3, 2, 5, 7}, 4);
  add_in(suite, f32, "SingleChannel", {3, 1, 5, 5});
  add_in(suite, f64, "SingleChannel", {29, 1});
  add_in(suite, bf16, "SingleChannel", {2, 7, 5, 1}, 3);
  add_in(suite, f32, "ManyChannels", {3, 65, 2, 3});
  add_in(suite, f32, "ManyChannels", {4, 1030});
  add_in(suite, f16, "ManyChannels", {7, 65});
  add_in(suite, bf16, "ManyChannels", {2, 3, 65}, 2);
  // One more and one less than a block, as a row and as a column.
  for (const std::int64_t m : {31, 33, 127, 129, 257, 1025}) {
    add_in(suite, f32, "BlockTail", {1, 2, m});
    add_in(suite, m < 100 ? f64 : m < 200 ? f16 : bf16, "BlockTail", {m, 3});
  }
  // The only large case; the other operations take the same layer, cropped.
  suite.add(suite.draw("ResNetShape", Operation::forward_training, f32,
                       {2, 64, 56, 56}),
            {"ResNetShape"});
  suite.add(suite.draw("ResNetShape", Operation::forward_inference, f32,
                       {1, 64, 14, 14}),
            {"ResNetShape"});
  suite.add(suite.draw("ResNetShape", Operation::backward_training, f32,
                       {2, 64, 14, 14}),
            {"ResNetShape"});
  suite.add(suite.draw("ResNetShape", Operation::backward_inference, f32,
                       {1, 64, 14, 14}),
            {"ResNetShape"});
  add_long_sum(suite);
}

}  // namespace exactbn::suite
