// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor/pooled.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <list>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace exactbn::pooled_test {
namespace {

using Map = std::map<int, std::string, std::less<>,
                     Pooled<std::pair<const int, std::string>>>;

Map filled(int count) {
  Map map;
  for (int i = 0; i < count; ++i) map.emplace(i, std::string(40, 'a'));
  return map;
}

TEST(Pooled, HoldsWhatIsPutThere) {
  for (int count : {1, 100, 1000}) {
    for (int again = 0; again < 3; ++again) {
      const Map map = filled(count);
      const Map copy = map;
      EXPECT_EQ(copy, map);
      EXPECT_EQ(std::ssize(copy), count);
    }
  }
}

// One thread may free what another allocated, even as its last action.
TEST(Pooled, FreesBlocksOfOtherThreads) {
  std::list<Map> maps;
  std::thread([&] { maps.push_back(filled(300)); }).join();
  maps.push_back(filled(300));
  EXPECT_EQ(maps.front(), maps.back());
  std::thread([&] { maps.clear(); }).join();
  EXPECT_EQ(filled(2).size(), 2u);
}

// No block is shorter than requested, and no two overlap.
TEST(Pool, BlocksDoNotOverlap) {
  struct Allocation {
    unsigned char* memory;
    std::size_t size;
    unsigned char mark;
  };
  std::mt19937 bits(1);
  std::vector<Allocation> live;
  for (int step = 0; step < 20'000; ++step) {
    if (live.size() < 300 && bits() % 2 == 0) {
      const std::size_t size = 1 + bits() % (std::size_t{1} << bits() % 15);
      auto* memory = static_cast<unsigned char*>(Pool::take(size));
      const auto mark = static_cast<unsigned char>(bits());
      std::memset(memory, mark, size);
      live.push_back({memory, size, mark});
    } else if (!live.empty()) {
      std::swap(live[bits() % live.size()], live.back());
      const Allocation last = live.back();
      live.pop_back();
      ASSERT_EQ(std::count(last.memory, last.memory + last.size, last.mark),
                static_cast<std::ptrdiff_t>(last.size));
      Pool::give(last.memory, last.size);
    }
  }
  for (const auto& [memory, size, mark] : live) Pool::give(memory, size);
}

}  // namespace
}  // namespace exactbn::pooled_test
