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

// What one thread made another may free, also when it is the last that the
// thread does.
TEST(Pooled, TakesPiecesOfOtherThreads) {
  std::list<Map> maps;
  std::thread([&] { maps.push_back(filled(300)); }).join();
  maps.push_back(filled(300));
  EXPECT_EQ(maps.front(), maps.back());
  std::thread([&] { maps.clear(); }).join();
  EXPECT_EQ(filled(2).size(), 2u);
}

// No piece is shorter than what was asked for, nor is it two's at a time.
TEST(Pool, GivesEveryoneAPieceOfHisOwn) {
  struct Piece {
    unsigned char* memory;
    std::size_t size;
    unsigned char mark;
  };
  std::mt19937 bits(1);
  std::vector<Piece> pieces;
  for (int step = 0; step < 20'000; ++step) {
    if (pieces.size() < 300 && bits() % 2 == 0) {
      const std::size_t size = 1 + bits() % (std::size_t{1} << bits() % 15);
      auto* memory = static_cast<unsigned char*>(Pool::take(size));
      const auto mark = static_cast<unsigned char>(bits());
      std::memset(memory, mark, size);
      pieces.push_back({memory, size, mark});
    } else if (!pieces.empty()) {
      std::swap(pieces[bits() % pieces.size()], pieces.back());
      const Piece piece = pieces.back();
      pieces.pop_back();
      ASSERT_EQ(std::count(piece.memory, piece.memory + piece.size, piece.mark),
                static_cast<std::ptrdiff_t>(piece.size));
      Pool::give(piece.memory, piece.size);
    }
  }
  for (const Piece& piece : pieces) Pool::give(piece.memory, piece.size);
}

}  // namespace
}  // namespace exactbn::pooled_test
