// SPDX-License-Identifier: Apache-2.0
// The models of defects on the command line.
#include "oracles/defects.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::defects_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

using DefectsOnTheCommandLine = ProgramTest;

TEST_F(DefectsOnTheCommandLine, AreListedOnePerLine) {
  const ProgramRun outcome = run("exactbn list defects");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'),
            std::ssize(defects()));
  EXPECT_THAT(outcome.out,
              HasSubstr("\nepsilon_outside_root               epsilon       "
                        "sqrt(var) + epsilon  (darknet PR17)\n"));
}

TEST_F(DefectsOnTheCommandLine, ADefectIsASubject) {
  const ProgramRun outcome =
      run("exactbn validate defect:beta_ignored --filter "
          "WorkedExample --dtype f32");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, StartsWith("defect:beta_ignored   suite core"));
  EXPECT_THAT(outcome.out,
              HasSubstr("again  exactbn validate defect:beta_ignored "));
}

TEST_F(DefectsOnTheCommandLine, TheMatrixCountsTheCasesThatExposeEach) {
  const ProgramRun outcome = run(
      "exactbn validate --defects --filter WorkedExample --json matrix.json");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "");
  const json matrix = json::parse(read("matrix.json"));
  EXPECT_EQ(matrix["schema"], "exactbn/defects/1");
  std::size_t killed = 0;
  for (const json& row : matrix["defects"]) {
    EXPECT_EQ(row["survived"], row["killed_by"].size() < 2) << row["name"];
    killed += row["survived"] ? 0 : 1;
    const json& names = row["diagnosed_as"];
    const bool itself =
        std::find(names.begin(), names.end(), row["name"]) != names.end();
    EXPECT_EQ(itself, !row["killed_by"].empty()) << row["name"];
  }
  EXPECT_EQ(matrix["defects"].size(), defects().size());
  EXPECT_GT(killed, 50u);
  EXPECT_LT(killed, defects().size());
  EXPECT_EQ(last_line(outcome.out),
            std::to_string(killed) + " of " + std::to_string(defects().size()) +
                " defects killed, by 2 cases or more each\n");
}

}  // namespace
}  // namespace exactbn::defects_test
