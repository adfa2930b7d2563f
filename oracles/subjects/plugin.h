// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stdexcept>

#include "oracles/exactbn_plugin.h"
#include "oracles/subject.h"

namespace exactbn {

// A file that is not a plugin of this version. what() names the file.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A shared library with the interface of exactbn_plugin.h, run in this process.
// Its memory for an output holds NaN until the plugin writes it, and that of
// every tensor begins at a boundary of 64 bytes, so that an answer does not
// depend on what was asked before.
class PluginSubject : public Subject {
 public:
  // Throws LoadError.
  explicit PluginSubject(const std::filesystem::path& file);

  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override { return run(c, {}); }
  // Nothing where it speaks of threads: the library has begun with its own.
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override;

 private:
  Answer run(const Case& c, const Surroundings& surroundings);

  const exactbn_plugin* plugin_;
  Declaration declaration_;
};

}  // namespace exactbn
