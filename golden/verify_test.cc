// SPDX-License-Identifier: Apache-2.0
#include "golden/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oracles/wire.h"
#include "reference/draw.h"

namespace exactbn {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kFile = "backward_training-f16.json";

// A few cases of one operation and format, of every kind.
const Folder& small() {
  static const Folder folder = [] {
    std::vector<CommentedCase> some;
    for (CommentedCase& c : corpus()) {
      const Problem& p = c.question.problem;
      if (p.operation == Operation::backward_training &&
          p.x().dtype() == DType::f16 && p.x().size() <= 10) {
        some.push_back(std::move(c));
      }
    }
    Folder made;
    const std::vector<OutputFile> files =
        export_json(prove_each(some), {"1", "a command"});
    for (const OutputFile& file : files) made[file.name] = file.text;
    made[std::string(kManifest)] = manifest(files);
    return made;
  }();
  return folder;
}

// With a manifest that is right for it.
Folder signed_folder(const std::string& text) {
  return {{kFile, text}, {std::string(kManifest), manifest({{kFile, text}})}};
}

std::string replaced(std::string text, std::string_view what,
                     std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(Verify, ProvesWhatWasGenerated) {
  const Verification v = verify(small());
  EXPECT_THAT(v.wrong, ElementsAre());
  EXPECT_EQ(v.files, 1);
  EXPECT_GT(v.cases, 40);
  EXPECT_GT(v.values, 400);
}

TEST(Verify, NamesFileCaseAndFieldOfTheFirstWrongValue) {
  VectorFile file = read_vectors(small().at(kFile));
  Tensor& dx = file.cases[3].expected.outputs.at("dx").values;
  dx.set_bits(1, dx.bits(1) ^ 1);
  const Verification v = verify(signed_folder(write_vectors(file)));
  ASSERT_EQ(v.wrong.size(), 1u);
  EXPECT_THAT(v.wrong[0],
              HasSubstr(kFile + ": case " + file.cases[3].question.id +
                        ": expected.dx.bits[1]: "));
}

TEST(Verify, ChecksAllThatIsNotAValue) {
  const std::string good = small().at(kFile);
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
      "labels: not those");
  VectorFile other = file;
  other.cases[0].question.labels = {"NoSuchLabel"};
  expect_wrong(write_vectors(other), "there is no label NoSuchLabel");
  other.cases[0].question.labels = {"LongSum"};
  expect_wrong(write_vectors(other), "labels: not those");
  other = file;
  other.cases.push_back(other.cases[0]);
  expect_wrong(write_vectors(other), "id: given twice");
  other = file;
  other.dtype = DType::f32;
  expect_wrong(write_vectors(other), "should be named backward_training-f32");
}

TEST(Verify, ChecksTheManifest) {
  const auto wrong = [](auto spoil) {
    Folder folder = small();
    spoil(folder);
    return verify(folder).wrong;
  };
  const std::string name(kManifest);
  EXPECT_THAT(wrong([&](Folder& f) { f.erase(name); }),
              ElementsAre("MANIFEST.sha256: missing"));
  EXPECT_THAT(wrong([&](Folder& f) { f[name].front() ^= 1; }),
              ElementsAre(HasSubstr("not of the digest")));
  EXPECT_THAT(wrong([&](Folder& f) { f[name] += f[name]; }),
              ElementsAre(HasSubstr("listed twice")));
  EXPECT_THAT(wrong([&](Folder& f) { f["notes.txt"] = "a"; }),
              ElementsAre("notes.txt: not listed in MANIFEST.sha256"));
  EXPECT_THAT(wrong([&](Folder& f) { f.erase(kFile); }),
              Contains("no .json file"));
}

enum class Part { value, label, digest, count };

// Flips one bit of a digit or letter of that part. Values, labels and counts
// get a manifest that is right again, so that the digest does not tell.
Folder corrupted(Draw& draw, Part part) {
  Folder folder = small();
  std::string& text = folder.at(kFile);
  const auto flip = [&](std::string& in, std::size_t at) {
    in[at] = static_cast<char>(in[at] ^ (1 << draw.below(7)));
  };
  // A place in what follows the key, up to the mark.
  const auto place = [&](std::string_view key, char mark) {
    std::vector<std::size_t> found;
    for (std::size_t at = text.find(key); at != std::string::npos;
         at = text.find(key, at + 1)) {
      found.push_back(at + key.size());
    }
    const std::size_t first = found[draw.below(found.size())];
    return first + draw.below(text.find(mark, first) - first);
  };
  const auto pick = [&](auto... keys) {
    const std::vector<std::string_view> list = {keys...};
    return list[draw.below(list.size())];
  };
  switch (part) {
    case Part::value:
      flip(text,
           place(pick("\"bits\":\"", "\"residual\":\"", "\"id\":\""), '"'));
      break;
    case Part::label:
      flip(text, place("\"labels\":[\"", '"'));
      break;
    case Part::count:
      flip(text, place(pick("\"number_of_cases\":", "\"eta_limit\":"), ','));
      break;
    case Part::digest:
      flip(folder.at(std::string(kManifest)), draw.below(64));
      return folder;
  }
  return signed_folder(text);
}

// How many corruptions were not noticed.
int unnoticed(int trials) {
  Draw draw(1);
  int missed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Folder folder = corrupted(draw, static_cast<Part>(trial % 4));
    try {
      missed += verify(folder).wrong.empty();
    } catch (const WireError&) {
      // It is not even of the format.
    }
  }
  return missed;
}

TEST(Verify, NoticesAHundredCorruptions) { EXPECT_EQ(unnoticed(100), 0); }

TEST(Verify, DISABLED_NoticesAThousandCorruptions) {
  EXPECT_EQ(unnoticed(1000), 0);
}

}  // namespace
}  // namespace exactbn
