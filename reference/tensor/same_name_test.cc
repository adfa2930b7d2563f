// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/same_name.h"

#include <gtest/gtest.h>

#include <string>

namespace exactbn::same_name_test {
namespace {

TEST(SameName, TellsEveryLetterOfEveryLength) {
  for (std::size_t length = 0; length <= 40; ++length) {
    std::string name;
    while (name.size() < length) name += static_cast<char>('a' + name.size());
    const std::string copy = name;
    EXPECT_TRUE(same_name(name, copy));
    EXPECT_FALSE(same_name(name, name + "x"));
    for (std::size_t i = 0; i < length; ++i) {
      std::string other = name;
      other[i] = '_';
      EXPECT_FALSE(same_name(name, other)) << i << " of " << length;
      EXPECT_FALSE(same_name(other, name)) << i << " of " << length;
    }
  }
}

}  // namespace
}  // namespace exactbn::same_name_test
