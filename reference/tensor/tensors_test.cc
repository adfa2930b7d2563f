// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/tensors.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace exactbn::tensors_test {
namespace {

using testing::ElementsAre;

Tensor tensor(double value) {
  return make_tensor(DType::f64, {1}, std::vector{value});
}

std::vector<std::string> names(const Tensors& tensors) {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : tensors) all.push_back(name);
  return all;
}

TEST(Tensors, AreInTheOrderOfTheirNames) {
  const Tensors tensors{
      {"y", tensor(1)}, {"mean", tensor(2)}, {"invstd", tensor(3)}};
  EXPECT_THAT(names(tensors), ElementsAre("invstd", "mean", "y"));
  EXPECT_EQ(tensors.at("mean"), tensor(2));
}

TEST(Tensors, KeepTheOneThatIsThereUnlessItIsAssigned) {
  Tensors tensors;
  EXPECT_TRUE(tensors.emplace("x", tensor(1)).second);
  EXPECT_FALSE(tensors.emplace("x", tensor(2)).second);
  EXPECT_EQ(tensors.at("x"), tensor(1));
  tensors.insert_or_assign("x", tensor(3));
  EXPECT_EQ(tensors.at("x"), tensor(3));
  tensors["x"] = tensor(4);
  EXPECT_EQ(tensors.at("x"), tensor(4));
  EXPECT_EQ(tensors.size(), 1u);
}

TEST(Tensors, SayThatThereIsNoSuch) {
  Tensors tensors{{"x", tensor(1)}};
  EXPECT_FALSE(tensors.contains("y"));
  EXPECT_EQ(tensors.find("y"), tensors.end());
  EXPECT_THROW((void)tensors.at("y"), std::out_of_range);
  EXPECT_EQ(tensors.erase("y"), 0u);
  EXPECT_EQ(tensors.erase("x"), 1u);
  EXPECT_TRUE(tensors.empty());
}

// Against a map, with more of them than there are in any operation.
TEST(Tensors, AreAsAMapHasThem) {
  std::mt19937 bits(1);
  for (int round = 0; round < 200; ++round) {
    Tensors tensors;
    std::map<std::string, Tensor> map;
    for (int step = 0; step < 40; ++step) {
      const std::string name(1 + bits() % 14,
                             static_cast<char>('a' + bits() % 3));
      const Tensor value = tensor(step);
      if (bits() % 3 == 0) {
        EXPECT_EQ(tensors.erase(name), map.erase(name));
      } else if (bits() % 2 == 0) {
        tensors.emplace(name, value);
        map.emplace(name, value);
      } else {
        tensors[name] = value;
        map[name] = value;
      }
      Tensors copy = tensors;
      ASSERT_TRUE(std::equal(copy.begin(), copy.end(), map.begin(), map.end(),
                             [](const auto& a, const auto& b) {
                               return a.first == b.first &&
                                      a.second == b.second;
                             }));
      const Tensors moved = std::move(copy);
      ASSERT_EQ(moved, tensors);
    }
    erase_if(tensors, [](const auto& each) { return each.first.size() > 7; });
    std::erase_if(map, [](const auto& each) { return each.first.size() > 7; });
    EXPECT_EQ(tensors.size(), map.size());
  }
}

}  // namespace
}  // namespace exactbn::tensors_test
