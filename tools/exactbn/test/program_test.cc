// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/test/program_test.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tools/exactbn/shell_word.h"

namespace exactbn {

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path new_folder() {
  std::string name = testing::TempDir() + "/exactbn-XXXXXX";
  if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp " + name);
  return name;
}

}  // namespace

ProgramTest::ProgramTest() : root_(new_folder()), folder_(root_ / "work") {
  fs::create_directory(folder_);
}

ProgramTest::~ProgramTest() { fs::remove_all(root_); }

ProgramRun ProgramTest::run(const std::string& command) const {
  const fs::path out = root_ / "out";
  const fs::path err = root_ / "err";
  const std::string script =
      "cd " + shell_word(folder_.string()) + " && exactbn() { " +
      shell_word(EXACTBN_BUILD "/bin/exactbn") + " \"$@\"; } && { " + command +
      "\n} </dev/null >" + shell_word(out.string()) + " 2>" +
      shell_word(err.string());
  const int status = std::system(script.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out),
          read_file(err)};
}

void ProgramTest::write(const std::string& name,
                        const std::string& text) const {
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

std::string ProgramTest::read(const std::string& name) const {
  return read_file(folder_ / name);
}

std::set<std::string> ProgramTest::files() const {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

std::string small_case(const std::string& id) {
  return R"({"case":")" + id +
         R"(","operation":"forward_training","channel_axis":1,)"
         R"("epsilon":"3fd0000000000000","momentum":"3fc0000000000000",)"
         R"("inputs":{"x":{"dtype":"f32","shape":[2,1],)"
         R"("bits":"3f80000040000000"},)"
         R"("gamma":{"dtype":"f32","shape":[1],"bits":"3f800000"},)"
         R"("running_var":{"dtype":"f32","shape":[1],"bits":"3f800000"}}})"
         "\n";
}

std::string small_answer(const std::string& id) {
  return R"({"case":")" + id +
         R"(","outputs":{)"
         R"("mean":{"dtype":"f32","shape":[1],"bits":"3fc00000"},)"
         R"("var":{"dtype":"f32","shape":[1],"bits":"3e800000"},)"
         R"("invstd":{"dtype":"f32","shape":[1],"bits":"3fb504f3"},)"
         R"("y":{"dtype":"f32","shape":[2,1],"bits":"bf3504f33f3504f3"},)"
         R"("running_var":{"dtype":"f32","shape":[1],"bits":"3f700000"}}})"
         "\n";
}

std::string example() {
  return read_file(EXACTBN_SOURCE "/tools/adapters/example.py");
}

std::string wrong_example() {
  std::string text = example();
  const std::string right = "math.sqrt(var + eps)";
  const std::size_t at = text.find(right);
  if (at == std::string::npos) throw std::runtime_error("no " + right);
  return text.replace(at, right.size(), "math.sqrt(var) + eps");
}

bool has_adapter(const std::string& name) {
  return fs::exists(EXACTBN_BUILD "/bin/adapters/exactbn_" + name + ".so");
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string last_line(const std::string& text) {
  if (text.size() < 2) return {};
  const std::size_t before = text.rfind('\n', text.size() - 2);
  return text.substr(before == std::string::npos ? 0 : before + 1);
}

// The other tests rely on this one.
TEST_F(ProgramTest, RunsAndReportsTheOutcome) {
  const ProgramRun outcome = run("exactbn --version; echo e >&2; exit 9");
  EXPECT_EQ(outcome.status, 9);
  EXPECT_EQ(outcome.out, "exactbn " EXACTBN_VERSION "\n");
  EXPECT_EQ(outcome.err, "e\n");
  write("a", "text");
  EXPECT_EQ(read("a"), "text");
  EXPECT_EQ(files(), std::set<std::string>{"a"});
}

TEST_F(ProgramTest, TheSmallAnswerIsRight) {
  write("c", small_case("a"));
  write("a", small_answer("a"));
  const ProgramRun outcome = run("exactbn check c a --require correct");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
}

}  // namespace exactbn
