// SPDX-License-Identifier: Apache-2.0
#include "reference/arrays.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

namespace exactbn::arrays_test {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

// -0, a subnormal and an infinity keep theirs too.
TEST(Arrays, KeepEveryBit) {
  const std::vector<float> values = {1.5F, -0.0F,
                                     std::numeric_limits<float>::denorm_min(),
                                     -std::numeric_limits<float>::infinity()};
  const Tensor tensor = tensor_of({2, 2}, values);
  EXPECT_EQ(tensor.dtype(), DType::f32);
  EXPECT_EQ(tensor.shape(), (Shape{2, 2}));
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(tensor.bits(static_cast<std::int64_t>(i)),
              std::bit_cast<std::uint32_t>(values[i]));
    EXPECT_EQ(std::bit_cast<std::uint32_t>(floats_of(tensor)[i]),
              std::bit_cast<std::uint32_t>(values[i]));
  }
  const std::vector<double> wide = {1 + 0x1p-52, -1e300};
  EXPECT_EQ(tensor_of({2}, wide), make_tensor(DType::f64, {2}, wide));
  EXPECT_EQ(doubles_of(tensor_of({2}, wide)), wide);
}

TEST(Arrays, ArePrinted) {
  EXPECT_EQ(testing::PrintToString(tensor_of({3}, std::vector{1.5, -0., 1e9})),
            "f64 3 {1.5, -0, 1e+09}");
  EXPECT_EQ(testing::PrintToString(Tensor(DType::f16, {1, 5})),
            "f16 1x5 {0, 0, 0, 0, ...}");
}

TEST(Arrays, TakeTheBitsOfShortFormats) {
  const std::vector<std::uint16_t> bits = {0x3f80, 0xc000};
  EXPECT_THAT(floats_of(tensor_of(DType::bf16, {2}, bits)), ElementsAre(1, -2));
  EXPECT_THAT(doubles_of(tensor_of(DType::f16, {1, 2}, bits)),
              ElementsAre(1.875, -2));
  const std::vector<std::uint8_t> bytes = {0x38};
  EXPECT_THAT(floats_of(tensor_of(DType::f8e4m3fn, {1}, bytes)),
              ElementsAre(1));
}

TEST(Arrays, RejectWhatDoesNotFit) {
  const auto error = [](const char* text) {
    return ThrowsMessage<std::invalid_argument>(text);
  };
  const std::vector<float> three(3);
  EXPECT_THAT(
      [&] {
        tensor_of({2, 2}, three);
      },
      error("shape 2x2 does not hold 3 values"));
  const std::vector<std::uint16_t> bits(1);
  EXPECT_THAT([&] { tensor_of(DType::f32, {1}, bits); },
              error("f32 does not have 16 bits"));
  EXPECT_THAT([&] { floats_of(Tensor(DType::f64, {1})); },
              error("an f64 tensor does not fit in floats"));
}

}  // namespace
}  // namespace exactbn::arrays_test
