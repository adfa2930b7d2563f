// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stdexcept>

#include "oracles/exactbn_plugin.h"
#include "oracles/subject.h"
#include "oracles/subjects/kept_buffers.h"

namespace exactbn {

// The file is not a plugin of this version. what() names the file.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A shared library with the interface of exactbn_plugin.h, run in this process.
// Output memory holds NaN until the plugin writes it. Every tensor begins at a
// 64-byte boundary, so that an answer does not depend on earlier calls. Throws
// SubjectFailure if the plugin wrote next to a tensor.
class PluginSubject : public Subject {
 public:
  // Throws LoadError.
  explicit PluginSubject(const std::filesystem::path& file);

  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override { return run(c, {}); }
  // Nothing if the surroundings set a number of threads: the library has
  // already started its own.
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override;

 private:
  Answer run(const Case& c, const Surroundings& surroundings);

  const exactbn_plugin* plugin_;
  KeptBuffers kept_;
  Declaration declaration_;
};

}  // namespace exactbn
