// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

namespace exactbn::suite {

namespace {

constexpr std::array kSecondOrder = {Operation::jvp_training,
                                     Operation::double_backward_training};

Problem draw(const Suite& suite, Operation operation, DType dtype,
             const Shape& shape, int channel_axis = 1) {
  return suite.draw("SecondOrder", operation, dtype, shape, channel_axis);
}

void add_layouts(Suite& suite, Operation operation) {
  const auto add = [&](DType dtype, const Shape& shape, int channel_axis,
                       const std::string& label) {
    suite.add(draw(suite, operation, dtype, shape, channel_axis),
              {"SecondOrder", label});
  };
  for (const DType dtype : kSuiteDTypes) {
    add(dtype, {2, 3, 5, 7}, 1, "PrimeShape");
    add(dtype, {2, 5, 3, 2}, 3, "ChannelsLast");
  }
  add(DType::f32, {11, 5}, 1, "OtherRank");
  add(DType::f64, {4, 5, 3, 11}, 1, "OddSpatial");
  add(DType::f32, {4, 5, 3, 11}, 1, "OddSpatial");
}

// Each optional input absent, one at a time, and then all.
void add_absent_directions(Suite& suite, Operation operation) {
  const Problem whole = draw(suite, operation, DType::f32, {3, 4, 3, 5});
  Problem none = whole;
  for (const Input name : traits(operation).optional) {
    Problem p = whole;
    p.inputs.erase(name);
    none.inputs.erase(name);
    if (name == Input::gamma) {
      suite.add(std::move(p), {"SecondOrder", "NoGamma"});
    } else {
      suite.add(std::move(p), {"SecondOrder"});
    }
  }
  suite.add(std::move(none), {"SecondOrder", "NoGamma"});
}

void add_corners(Suite& suite, Operation operation) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    suite.add(draw(suite, operation, dtype, {2, 3, 1, 1}),
              {"SecondOrder", "TwoValues"});
    suite.add(draw(suite, operation, dtype, {1, 3, 3}),
              {"SecondOrder", "ThreeValues"});

    // A mean that is off by an ulp, cubed and divided by epsilon, stays small.
    Problem constant = draw(suite, operation, dtype, {3, 3, 1, 3});
    set_channel(constant, Input::x, 1, {10.1});
    suite.add(std::move(constant), {"SecondOrder", "ConstantChannel"});

    Problem offset = draw(suite, operation, dtype, {4, 3, 3, 5});
    shift(offset, -100);
    suite.add(std::move(offset), {"SecondOrder", "LargeOffset"});
  }
}

}  // namespace

void add_second_order(Suite& suite) {
  for (const Operation operation : kSecondOrder) {
    add_layouts(suite, operation);
    add_absent_directions(suite, operation);
    add_corners(suite, operation);
  }
}

}  // namespace exactbn::suite
