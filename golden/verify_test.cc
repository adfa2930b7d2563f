// SPDX-License-Identifier: Apache-2.0
#include "golden/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden/corruption_test.h"
#include "oracles/wire.h"

namespace exactbn::verify_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string replaced(std::string text, std::string_view what,
                     std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(Verify, ProvesGeneratedFiles) {
  const Verification v = verify(small_folder());
  EXPECT_THAT(v.wrong, ElementsAre());
  EXPECT_EQ(v.files, 1);
  EXPECT_GT(v.cases, 40);
  EXPECT_GT(v.values, 400);
}

TEST(Verify, NamesFileCaseAndFieldOfTheFirstWrongValue) {
  VectorFile file = read_vectors(small_folder().at(kSmallFile));
  Tensor& dx = file.cases[3].expected.outputs.at(Output::dx).values;
  dx.set_bits(1, dx.bits(1) ^ 1);
  const Verification v = verify(signed_folder(write_vectors(file)));
  ASSERT_EQ(v.wrong.size(), 1u);
  EXPECT_THAT(v.wrong[0],
              HasSubstr(kSmallFile + ": case " + file.cases[3].question.id +
                        ": expected.dx.bits[1]: "));
}

TEST(Verify, ChecksFieldsOtherThanValues) {
  const std::string good = small_folder().at(kSmallFile);
  const auto expect_wrong = [&](const std::string& text, const char* what) {
    EXPECT_THAT(verify(signed_folder(text)).wrong, Contains(HasSubstr(what)));
  };
  const VectorFile file = read_vectors(good);
  const std::string id = file.cases[0].question.id;
  const std::string count = "number_of_cases\":";
  expect_wrong(replaced(good, count, count + "1"), "number_of_cases: 1");
  expect_wrong(replaced(good, id, "bwd-f16-00000000"), "id: bwd-f16-00000000");
  expect_wrong(replaced(good, "added to", "taken from"), "semantics");
  expect_wrong(
      replaced(good, "\"severity\":\"serious\"", "\"severity\":\"minor\""),
      "labels: differ");
  VectorFile other = file;
  other.cases[0].question.labels = {"NoSuchLabel"};
  expect_wrong(write_vectors(other), "unknown label NoSuchLabel");
  other.cases[0].question.labels = {"LongSum"};
  expect_wrong(write_vectors(other), "labels: differ");
  other = file;
  other.cases.push_back(other.cases[0]);
  expect_wrong(write_vectors(other), "id: given twice");
  other = file;
  other.dtype = DType::f32;
  expect_wrong(write_vectors(other), "should be named backward_training-f32");
}

TEST(Verify, ChecksTheManifest) {
  const auto wrong = [](auto corrupt) {
    Folder folder = small_folder();
    corrupt(folder);
    return verify(folder).wrong;
  };
  const std::string name(kManifest);
  EXPECT_THAT(wrong([&](Folder& f) { f.erase(name); }),
              ElementsAre("MANIFEST.sha256: missing"));
  EXPECT_THAT(wrong([&](Folder& f) { f[name].front() ^= 1; }),
              ElementsAre(HasSubstr("digest differs")));
  EXPECT_THAT(wrong([&](Folder& f) { f[name] += f[name]; }),
              ElementsAre(HasSubstr("listed twice")));
  EXPECT_THAT(wrong([&](Folder& f) { f["notes.txt"] = "a"; }),
              ElementsAre("notes.txt: not listed in MANIFEST.sha256"));
  EXPECT_THAT(wrong([&](Folder& f) { f.erase(kSmallFile); }),
              Contains("no .json file"));
}

// The number of corruptions that verify() missed.
int unnoticed(int trials) {
  Draw draw(1);
  int missed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Folder folder = corrupted(draw, trial);
    try {
      missed += verify(folder).wrong.empty();
    } catch (const WireError&) {
      // The reader noticed.
    }
  }
  return missed;
}

TEST(Verify, NoticesAHundredCorruptions) { EXPECT_EQ(unnoticed(100), 0); }

TEST(Verify, DISABLED_NoticesAThousandCorruptions) {
  EXPECT_EQ(unnoticed(1000), 0);
}

}  // namespace
}  // namespace exactbn::verify_test
