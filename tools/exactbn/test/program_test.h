// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

namespace exactbn {

// The outcome of a command.
struct ProgramRun {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs the program from a shell, in an empty folder, as a user does.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  // Runs a command line of /bin/sh; `exactbn` is the program under test.
  ProgramRun run(const std::string& command) const;

  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  // The names of the files in the folder.
  std::set<std::string> files() const;

 private:
  std::filesystem::path root_;
  std::filesystem::path folder_;
};

// A case with one channel of two values, 1 and 2, and gamma 1 and beta 0.
std::string small_case(const std::string& id);
// Its right answer.
std::string small_answer(const std::string& id);

// The source of tools/adapters/example.py: unchanged, and with epsilon outside
// the square root.
std::string example();
std::string wrong_example();

// Whether the adapter was built.
bool has_adapter(const std::string& name);

std::string first_line(const std::string& text);
std::string last_line(const std::string& text);

}  // namespace exactbn
