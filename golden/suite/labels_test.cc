// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/labels.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace exactbn::labels_test {
namespace {

// A row of README.md's table, which drops the full stop.
std::string row(const Label& label) {
  std::string_view exposes = label.exposes;
  exposes.remove_suffix(1);
  std::string links;
  for (const std::string& thread : threads(label)) {
    links += (links.empty() ? "" : ", ") + thread;
  }
  return fmt::format("| `{}` | {} | {} | {} |\n", label.name, exposes,
                     to_string(label.severity), links);
}

TEST(Labels, MatchTheTable) {
  std::ifstream in(EXACTBN_SOURCE "/golden/README.md");
  std::ostringstream text;
  text << in.rdbuf();
  std::string table =
      "| label | exposes | severity | reported |\n|---|---|---|---|\n";
  for (const Label& label : labels()) table += row(label);
  EXPECT_NE(text.str().find(table), std::string::npos)
      << "README.md should have this table:\n"
      << table;
}

TEST(Labels, HaveNamesAndSentences) {
  std::set<std::string_view> names;
  const std::regex thread("[A-Za-z0-9_-]+#[0-9]+");
  for (const Label& label : labels()) {
    EXPECT_TRUE(names.insert(label.name).second) << label.name;
    EXPECT_EQ(find_label(label.name)->exposes, label.exposes);
    EXPECT_EQ(label.exposes.back(), '.') << label.name;
    for (const std::string& each : threads(label)) {
      EXPECT_TRUE(std::regex_match(each, thread)) << each;
    }
  }
  EXPECT_FALSE(find_label("NoSuchLabel"));
}

}  // namespace
}  // namespace exactbn::labels_test
