// SPDX-License-Identifier: Apache-2.0
#include "reference/node_pool.h"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <thread>

namespace exactbn {
namespace {

using Map = std::map<int, std::string, std::less<>,
                     NodePool<std::pair<const int, std::string>>>;

Map filled(int count) {
  Map map;
  for (int i = 0; i < count; ++i) map.emplace(i, std::string(40, 'a'));
  return map;
}

TEST(NodePool, HoldsWhatIsPutThere) {
  for (int count : {1, 100, 1000}) {
    for (int again = 0; again < 3; ++again) {
      const Map map = filled(count);
      const Map copy = map;
      EXPECT_EQ(copy, map);
      EXPECT_EQ(std::ssize(copy), count);
    }
  }
}

// What one thread made another may free, also when it is the last that the
// thread does.
TEST(NodePool, TakesNodesOfOtherThreads) {
  std::list<Map> maps;
  std::thread([&] { maps.push_back(filled(300)); }).join();
  maps.push_back(filled(300));
  EXPECT_EQ(maps.front(), maps.back());
  std::thread([&] { maps.clear(); }).join();
  EXPECT_EQ(filled(2).size(), 2u);
}

}  // namespace
}  // namespace exactbn
