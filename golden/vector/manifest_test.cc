// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/manifest.h"

#include <gtest/gtest.h>

namespace exactbn::manifest_test {
namespace {

// As `sha256sum` prints it.
TEST(Manifest, HasALinePerFile) {
  EXPECT_EQ(
      manifest({{"a", "abc"}, {"b c", ""}}),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b "
      "c\n");
}

TEST(Manifest, AcceptsOnlyItsFiles) {
  const std::string text = manifest({{"a", "abc"}, {"b c", ""}});
  const std::string name(kManifest);
  EXPECT_TRUE(
      check_manifest({{"a", "abc"}, {"b c", ""}, {name, text}}).empty());
  EXPECT_EQ(check_manifest({{"a", "abd"}, {"b c", ""}, {name, text}}).size(),
            1u);
  EXPECT_EQ(check_manifest({{"a", "abc"}, {name, text}}).size(), 1u);
}

}  // namespace
}  // namespace exactbn::manifest_test
