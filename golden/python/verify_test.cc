// SPDX-License-Identifier: Apache-2.0
// verify.py and verify_all.py, which share no code with verify.cc, and the
// schema.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "golden/corruption_test.h"
#include "reference/tensor/sanitized.h"

namespace exactbn::verify_test {
namespace {

namespace fs = std::filesystem;

int run(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int verify_with(const std::string& script, const std::string& folder) {
  return run("python3 -B " EXACTBN_SOURCE "/golden/python/" + script + " '" +
             folder + "'");
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

  int verify(const Folder& folder,
             const std::string& script = "verify_all.py") const {
    for (const auto& [name, text] : folder) {
      std::ofstream(folder_ / name, std::ios::binary) << text;
    }
    return verify_with(script, folder_.string());
  }

  // The number of corruptions that the script missed.
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
  if (kSanitized) GTEST_SKIP() << "Python alone runs";
  EXPECT_EQ(verify_with("verify.py", EXACTBN_SOURCE "/golden/v1"), 0);
  EXPECT_EQ(verify_with("verify_all.py", EXACTBN_SOURCE "/golden/v1"), 0);
}

TEST_F(VerifyPy, NeedsAFolder) {
  EXPECT_EQ(verify_with("verify.py", "nowhere"), 2);
}

// verify.py proves values, labels, counts and digests.
TEST_F(VerifyPy, TheShortScriptNoticesWhatItProves) {
  const Folder right = small_folder();
  EXPECT_EQ(verify(right, "verify.py"), 0);
  const std::string& text = right.at(kSmallFile);
  for (const std::string key :
       {"\"dx\":{\"dtype\":\"f16\"", "\"dgamma\":{\"dtype\":\"f16\""}) {
    std::string wrong = text;
    const std::size_t bits = wrong.find("\"bits\":\"", wrong.find(key));
    wrong[bits + 8 + 3] ^= 1;  // the last of the first four digits
    EXPECT_EQ(verify(signed_folder(wrong), "verify.py"), 1) << key;
  }
  for (const std::string key : {"\"labels\":[\"", "\"number_of_cases\":"}) {
    std::string wrong = text;
    wrong[wrong.find(key) + key.size()] ^= 1;
    EXPECT_EQ(verify(signed_folder(wrong), "verify.py"), 1) << key;
  }
  Folder other = right;
  other.at(std::string(kManifest))[7] ^= 1;
  EXPECT_EQ(verify(other, "verify.py"), 1);
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
  const auto validate = [](const std::string& change) {
    return run("cd " EXACTBN_SOURCE
               "/golden && python3 -c 'import json, jsonschema\n"
               "schema = json.load(open(\"vectors.schema.json\"))\n"
               "file = json.load(open(\"v1/jvp_training-f16.json\"))\n" +
               change + "\njsonschema.validate(file, schema)'");
  };
  EXPECT_EQ(validate(""), 0);
  EXPECT_EQ(validate("file[\"more\"] = 1"), 1);
  EXPECT_EQ(validate("del file[\"cases\"][1][\"comment\"]"), 1);
  EXPECT_EQ(validate("file[\"cases\"][1][\"variation:none\"] = {}"), 1);
}

}  // namespace
}  // namespace exactbn::verify_test
