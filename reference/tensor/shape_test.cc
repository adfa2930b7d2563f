// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/shape.h"

#include <gmock/gmock.h>

#include "reference/draw.h"

namespace exactbn::shape_test {
namespace {

TEST(Shape, IsWhatAVectorIs) {
  Draw draw(1);
  Shape shape;
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 5000; ++i) {
    const auto extent = static_cast<std::int64_t>(draw.below(100));
    const auto at = static_cast<std::ptrdiff_t>(draw.below(shape.size() + 1));
    const bool erases = !shape.empty() && (draw.below(2) == 0 || i % 50 == 0);
    if (erases) {
      const auto which = std::min(at, std::ssize(expected) - 1);
      expected.erase(expected.begin() + which);
      const auto after = shape.erase(shape.begin() + which);
      EXPECT_EQ(after - shape.begin(), which);
    } else {
      expected.insert(expected.begin() + at, extent);
      const auto inserted = shape.insert(shape.begin() + at, extent);
      EXPECT_EQ(inserted - shape.begin(), at);
    }
    ASSERT_THAT(shape, testing::ElementsAreArray(expected));
    const Shape copy = shape;
    EXPECT_EQ(copy, shape);
    EXPECT_EQ(copy, Shape(expected.begin(), expected.end()));
  }
}

TEST(Shape, OfOtherExtentsIsAnother) {
  EXPECT_EQ(Shape(2, 7), (Shape{7, 7}));
  EXPECT_NE((Shape{7, 7}), (Shape{7, 7, 7}));
  EXPECT_NE((Shape{1, 2, 3, 4, 5, 6}), (Shape{1, 2, 3, 4, 5, 7}));
  Shape shape = {1, 2, 3, 4, 5, 6};
  shape.resize(2);
  EXPECT_EQ(shape, (Shape{1, 2}));
  shape.resize(7, 9);
  EXPECT_EQ(shape, (Shape{1, 2, 9, 9, 9, 9, 9}));
}

}  // namespace
}  // namespace exactbn::shape_test
