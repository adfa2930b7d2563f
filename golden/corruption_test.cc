// SPDX-License-Identifier: Apache-2.0
#include "golden/corruption_test.h"

#include <gtest/gtest.h>

namespace exactbn {

const Folder& small_folder() {
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

Folder signed_folder(const std::string& text) {
  return {{kSmallFile, text},
          {std::string(kManifest), manifest({{kSmallFile, text}})}};
}

namespace {

enum class Part { value, label, digest, count };

}  // namespace

Folder corrupted(Draw& draw, int trial) {
  const Part part = static_cast<Part>(trial % 4);
  Folder folder = small_folder();
  std::string& text = folder.at(kSmallFile);
  const auto flip = [&](std::string& in, std::size_t at) {
    in[at] = static_cast<char>(in[at] ^ (1 << draw.below(7)));
  };
  // A random position after some occurrence of the key, before the next mark.
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

}  // namespace exactbn
