// SPDX-License-Identifier: Apache-2.0
// verify.py, which shares nothing with verify.cc, and the schema.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "golden/corruption_test.h"

namespace exactbn {
namespace {

namespace fs = std::filesystem;

int run(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int verify_py(const std::string& folder) {
  return run("python3 -B " EXACTBN_GOLDEN "/verify.py '" + folder + "'");
}

class VerifyPy : public testing::Test {
 protected:
  VerifyPy() {
    std::string name = testing::TempDir() + "/vectors-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) folder_ = name;
  }
  ~VerifyPy() override { fs::remove_all(folder_); }
  void SetUp() override {
    if (run("python3 --version") != 0) GTEST_SKIP() << "no python3";
  }

  int verify(const Folder& folder) const {
    for (const auto& [name, text] : folder) {
      std::ofstream(folder_ / name, std::ios::binary) << text;
    }
    return verify_py(folder_.string());
  }

  // How many corruptions were not noticed.
  int unnoticed(int trials) const {
    Draw draw(2);
    int missed = 0;
    for (int trial = 0; trial < trials; ++trial) {
      missed += verify(corrupted(draw, trial)) != 1;
    }
    return missed;
  }

 private:
  fs::path folder_;
};

TEST_F(VerifyPy, ProvesWhatIsShipped) {
  EXPECT_EQ(verify_py(EXACTBN_GOLDEN "/v1"), 0);
}

TEST_F(VerifyPy, NoticesCorruptions) {
  EXPECT_EQ(verify(small_folder()), 0);
  EXPECT_EQ(unnoticed(8), 0);
}

TEST_F(VerifyPy, DISABLED_NoticesAThousandCorruptions) {
  EXPECT_EQ(unnoticed(1000), 0);
}

TEST(VectorsSchema, AllowsWhatIsShippedAndNothingElse) {
  if (run("python3 -c 'import jsonschema'") != 0) {
    GTEST_SKIP() << "no jsonschema";
  }
  const auto validate = [](const std::string& spoil) {
    return run("cd " EXACTBN_GOLDEN
               " && python3 -c 'import json, jsonschema\n"
               "schema = json.load(open(\"vectors.schema.json\"))\n"
               "file = json.load(open(\"v1/jvp_training-f16.json\"))\n" +
               spoil + "\njsonschema.validate(file, schema)'");
  };
  EXPECT_EQ(validate(""), 0);
  EXPECT_EQ(validate("file[\"more\"] = 1"), 1);
  EXPECT_EQ(validate("del file[\"cases\"][1][\"comment\"]"), 1);
  EXPECT_EQ(validate("file[\"cases\"][1][\"variation:none\"] = {}"), 1);
}

}  // namespace
}  // namespace exactbn
