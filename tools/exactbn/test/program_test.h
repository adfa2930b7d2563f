// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

namespace exactbn {

// What came of a command.
struct ProgramRun {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs the program as a user does: from a shell, in an empty folder.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  // A command line of /bin/sh, in which `exactbn` is the program under test.
  ProgramRun run(const std::string& command) const;

  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  // The names of the files that are in the folder.
  std::set<std::string> files() const;

 private:
  std::filesystem::path root_;
  std::filesystem::path folder_;
};

// A case of one channel of two values, 1 and 2, with gamma 1 and beta 0.
std::string small_case(const std::string& id);
// The right answer to it.
std::string small_answer(const std::string& id);

// The source of tools/adapters/example.py, right, and with epsilon added to
// the standard deviation.
std::string example();
std::string wrong_example();

// The program's name for an adapter that was built with it.
bool has_adapter(const std::string& name);

std::string first_line(const std::string& text);
std::string last_line(const std::string& text);

}  // namespace exactbn
