// SPDX-License-Identifier: Apache-2.0
#include "properties/generators.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace exactbn::generators_test {
namespace {

TEST(Generators, ProblemsAreValidAndFinite) {
  Draw draw(1);
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      for (int i = 0; i < 200; ++i) {
        const Problem p = draw_problem(draw, operation, dtype);
        ASSERT_NO_THROW(require_valid(p));
        for (const auto& [name, tensor] : p.inputs) {
          ASSERT_TRUE(tensor.all_finite()) << name;
          ASSERT_TRUE(!shaped_like_x(name) || tensor.dtype() == dtype);
        }
      }
    }
  }
}

TEST(Generators, LayoutsCoverEveryRankAndAxis) {
  Draw draw(2);
  std::set<std::pair<std::size_t, int>> seen;
  for (int i = 0; i < 1000; ++i) {
    const Layout layout = draw_layout(draw, Profile::small);
    EXPECT_LE(element_count(layout.shape), 64);
    seen.insert({layout.shape.size(), layout.channel_axis});
  }
  EXPECT_EQ(seen.size(), 2u + 3 + 4 + 5);
}

TEST(Generators, ShapesIncludeBlockEdges) {
  Draw draw(4);
  std::set<std::int64_t> counts;
  std::set<std::int64_t> channels;
  for (int i = 0; i < 4000; ++i) {
    const Layout layout = draw_layout(draw, Profile::usual);
    const ChannelView view(layout.shape, layout.channel_axis);
    counts.insert(view.count());
    channels.insert(view.channels);
  }
  for (const std::int64_t width : {4, 32, 256, 1024}) {
    EXPECT_TRUE(counts.contains(width - 1)) << width;
    EXPECT_TRUE(counts.contains(width + 1)) << width;
  }
  EXPECT_GT(*counts.rbegin(), 32768);
  EXPECT_GT(*channels.rbegin(), 1024);
}

TEST(Generators, ACaseDependsOnSeedAndIndexAlone) {
  const Drawn again = draw_case({}, 7, 3);
  EXPECT_EQ(draw_case({}, 7, 3).problem, again.problem);
  EXPECT_NE(draw_case({}, 7, 4).problem, again.problem);
  EXPECT_NE(draw_case({}, 8, 3).problem, again.problem);
}

TEST(Generators, DrawsOnlyTheChosenOperationsAndFormats) {
  DrawOptions options;
  options.operations = {Operation::jvp_training, Operation::backward_inference};
  options.dtypes = {DType::bf16};
  std::set<Operation> seen;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Problem p = draw_case(options, 1, i).problem;
    ASSERT_NO_THROW(require_valid(p));
    EXPECT_EQ(p.x().dtype(), DType::bf16);
    seen.insert(p.operation);
  }
  EXPECT_EQ(seen,
            std::set(options.operations.begin(), options.operations.end()));
}

TEST(Generators, DrawsEveryKind) {
  std::map<std::string, std::set<std::string>> seen;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    for (const auto& [kind, value] : draw_case({}, 5, i).traits) {
      seen[std::string(kind)].insert(std::string(value));
    }
  }
  EXPECT_EQ(seen["operation"].size(), kOperations.size());
  EXPECT_EQ(seen["format"].size(), kDTypes.size());
  // Plus special values, midpoints and long sums.
  EXPECT_EQ(seen["x"].size(), kChannelModes.size() + 3);
}

TEST(Generators, ModesDrawWhatTheyPromise) {
  Draw draw(3);
  const Format f = format(DType::f16);
  for (int i = 0; i < 100; ++i) {
    const auto channel = [&](ChannelMode mode) {
      return draw_channel(draw, DType::f16, mode, 7);
    };
    const auto constant = channel(ChannelMode::constant);
    EXPECT_EQ(std::set(constant.begin(), constant.end()).size(), 1u);
    const auto alternating = channel(ChannelMode::alternating);
    EXPECT_EQ(alternating[0] ^ f.sign_bit(), alternating[5]);
    const auto cancelling = channel(ChannelMode::cancelling);
    EXPECT_EQ(cancelling[2] ^ f.sign_bit(), cancelling[5]);
    for (const std::uint64_t bits : channel(ChannelMode::subnormal)) {
      EXPECT_LT(magnitude(bits, DType::f16), 0x0400u);
    }
    for (const std::uint64_t bits : channel(ChannelMode::near_overflow)) {
      EXPECT_GE(magnitude(bits, DType::f16), 0x7800u);
    }
    for (const std::uint64_t bits : channel(ChannelMode::powers_of_two)) {
      EXPECT_EQ(bits & 0x03ff, 0u);
    }
    const auto far = channel(ChannelMode::far_mean);
    for (const std::uint64_t bits : far) {
      EXPECT_NEAR(static_cast<double>(bits), static_cast<double>(far[0]), 7);
    }
  }
}

TEST(Generators, PrintsACounterexampleToTheLastBit) {
  std::ostringstream text;
  const std::array values = {1.5, -0x1.fffffep-1};
  showValue(make_tensor(DType::f32, {2, 1}, values), text);
  EXPECT_EQ(text.str(), "f32 2x1 {0x1.8p+0, -0x1.fffffep-1}");
}

}  // namespace
}  // namespace exactbn::generators_test
